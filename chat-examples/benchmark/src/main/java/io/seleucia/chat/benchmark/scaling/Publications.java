package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.Client;
import io.seleucia.chat.benchmark.Sender;
import io.seleucia.chat.benchmark.scaling.Status.Counter;
import io.seleucia.chat.benchmark.scaling.Status.Latency;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The messages of one member: those of a publisher for each of its channels, with as many outstanding requests as the crowd
 * allows, and those of closed loops. Request ids begin with those of the publishers, by channel, and then of the loops.
 */
final class Publications {
    private final Member member;
    private final Crowd crowd;
    private final Plan plan;
    private final int own; // the member's place
    private final int round;
    private final int firstId;
    private final List<Publisher> publishers = new ArrayList<>(); // by channel
    private final List<Sender> loops = new ArrayList<>(); // by channel
    private final ArrayDeque<Publisher> waiting = new ArrayDeque<>(); // for the window
    private int outstanding;

    Publications(Member member, Crowd crowd, Plan plan, int own, int round, int firstId) {
        this.member = member;
        this.crowd = crowd;
        this.plan = plan;
        this.own = own;
        this.round = round;
        this.firstId = firstId;
        if (round < plan.senders()) {
            for (int index = 0; index < plan.perClient(); index++) {
                publishers.add(new Publisher(
                        this, sender(index, round), request(firstId + index, index) + "\"key\":\"k", plan.bytes()));
            }
        }
    }

    /** Returns the sender's number in messages: the publishers of a channel come first, then the loops. */
    private int sender(int index, int one) {
        return (own * plan.perClient() + index) * 2 * plan.senders() + one;
    }

    /** Returns a request up to the published data. */
    private String request(int id, int index) {
        return "{\"id\":%d,\"type\":\"publish\",\"channel\":\"%s\","
                .formatted(id, plan.channel(plan.place(own), index));
    }

    /** Returns one for each channel, or none. */
    List<Publisher> publishers() {
        return publishers;
    }

    /** Publishes the publisher's next message, now, when the window allows it, or when the member is ready again. */
    void offer(Publisher publisher) {
        if (!member.isReady()) {
            return;
        }
        if (outstanding < crowd.publishWindow()) {
            outstanding++;
            member.send(publisher.request(System.nanoTime()));
        } else {
            waiting.add(publisher);
        }
    }

    /** Continues on a new connection. */
    void resume() {
        publishers.stream().filter(Publisher::hasWork).forEach(this::offer);
    }

    /** Handles the end of the connection. */
    void interrupt() {
        outstanding = 0;
        waiting.clear();
    }

    void published(int id, long now) {
        crowd.tally().add(Counter.PUBLISHED, 1);
        int index = id - firstId;
        if (index >= publishers.size()) {
            return; // of a closed loop
        }
        Publisher publisher = publishers.get(index);
        crowd.tally().record(Latency.PUBLISH, now - publisher.acknowledged());
        outstanding--;
        if (publisher.hasWork()) {
            waiting.add(publisher);
        }
        for (Publisher next = waiting.poll(); next != null; next = waiting.poll()) {
            if (next.hasWork()) {
                offer(next);
                return;
            }
        }
    }

    /** Repeats a request that failed. In a closed loop, the message is lost. */
    void repeat(int id) {
        if (id - firstId < publishers.size()) {
            member.send(publishers.get(id - firstId).request(System.nanoTime()));
        }
    }

    /** Starts a closed loop in each channel, on this connection. */
    void loop(Client client, int window) throws IOException {
        loops.clear();
        for (int index = 0; index < publishers.size(); index++) {
            String text = "x".repeat(plan.bytes());
            String request = request(firstId + publishers.size() + index, index) + "\"data\":\"" + text + "\"}";
            Sender loop = new Sender(
                    client,
                    sender(index, plan.senders() + round),
                    plan.rounds(),
                    window,
                    Member.bytes(request),
                    request.indexOf(text));
            loops.add(loop);
            fill(loop);
        }
    }

    private void fill(Sender loop) throws IOException {
        while (crowd.isLooping() && loop.hasRoom()) {
            crowd.tally().add(Counter.SENT, 1);
            loop.publish(System.nanoTime());
        }
    }

    /** Handles the delivery of a loop's message to one member. */
    void looped(int index, int sequence) {
        try {
            Sender loop = loops.get(index);
            if (loop.received(sequence)) {
                fill(loop);
            }
        } catch (IOException e) {
            crowd.tally().error("publish: " + e.getMessage());
        }
    }
}

package io.seleucia.chat.examples.benchmark.scaling;

import io.seleucia.chat.examples.benchmark.Client;
import io.seleucia.chat.examples.benchmark.Sender;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * What one member publishes, if it is of those who do: what is due, by a publisher for each of its channels, with as many
 * requests outstanding as the crowd allows; and closed loops. Requests have ids from a first one on, those of the
 * publishers by channel, and then those of the loops.
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
    private final ArrayDeque<Publisher> waiting = new ArrayDeque<>(); // beyond what may be outstanding
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

    /** What messages say who sent them: the publishers of a channel come first, and then the loops. */
    private int sender(int index, int one) {
        return (own * plan.perClient() + index) * 2 * plan.senders() + one;
    }

    /** The request, up to what is published. */
    private String request(int id, int index) {
        return "{\"id\":%d,\"type\":\"publish\",\"channel\":\"%s\","
                .formatted(id, plan.channel(plan.place(own), index));
    }

    /** One for each channel, or none. */
    List<Publisher> publishers() {
        return publishers;
    }

    /** Publishes what the publisher has, now or when there is room; or when the member is ready again. */
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

    /** The member is ready, on a new connection. */
    void resume() {
        publishers.stream().filter(Publisher::hasWork).forEach(this::offer);
    }

    /** The connection has ended: there will be no answers. */
    void interrupt() {
        outstanding = 0;
        waiting.clear();
    }

    /** A request is acknowledged. */
    void published(int id, long now) {
        crowd.tally().published();
        int index = id - firstId;
        if (index >= publishers.size()) {
            return; // of a closed loop
        }
        Publisher publisher = publishers.get(index);
        crowd.tally().acknowledged(now - publisher.acknowledged());
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

    /** Sends a request again that the server could not serve; but in a closed loop, what failed is lost. */
    void again(int id) {
        if (id - firstId < publishers.size()) {
            member.send(publishers.get(id - firstId).request(System.nanoTime()));
        }
    }

    /** Begins to publish in a closed loop in each channel, on this connection. */
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
            crowd.tally().looped();
            loop.publish(System.nanoTime());
        }
    }

    /** One more member has a message of a closed loop. */
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

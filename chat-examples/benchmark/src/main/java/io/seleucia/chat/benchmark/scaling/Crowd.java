package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.Client;
import io.seleucia.chat.benchmark.Clients;
import io.seleucia.chat.benchmark.Handshake;
import io.seleucia.chat.benchmark.scaling.Status.Counter;
import io.seleucia.chat.benchmark.scaling.Status.Latency;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/** All clients of one part of a load. Everything runs in the thread that calls {@link #step} and {@link #obey}. */
final class Crowd implements AutoCloseable {
    private static final int MAX_CONNECTING = 64; // at first; a storm has no such bound
    private static final long STEP_NANOS = 10_000_000;
    private static final long LEAST_WAIT_NANOS = 1_000_000; // less would spin
    private static final long SECOND = 1_000_000_000;
    private static final long CHECK_NANOS = SECOND / 4;

    private record Timer(long at, Runnable action) {}

    private final Plan plan;
    private final List<Handshake> handshakes = new ArrayList<>();
    private final Clients clients = new Clients(Machine.loopbacks());
    private final List<Member> members = new ArrayList<>(); // by place and round
    private final List<Publisher> publishers = new ArrayList<>();
    private final Receipts receipts;
    private final PriorityQueue<Timer> timers = new PriorityQueue<>((a, b) -> Long.compare(a.at - b.at, 0));
    private final Set<Integer> dead = new HashSet<>(); // servers
    private final Tally tally = new Tally();

    private int begun; // first connections
    private boolean connecting;
    private int subscribeWindow; // 0 before the command subscribe
    private int publishWindow = Integer.MAX_VALUE;
    private boolean looping;
    private double rate; // publishes a second, of all publishers
    private long due; // time of the next publish at that rate
    private int turn; // its publisher
    private long checkedAt; // for attempts that take too long
    private long polledAt = System.nanoTime();

    Crowd(Plan plan) throws IOException {
        this.plan = plan;
        for (int port : plan.ports()) {
            handshakes.add(new Handshake(URI.create("ws://127.0.0.1:" + port + "/"), "chat.v1"));
        }
        for (int own = 0; own < plan.ownPlaces(); own++) {
            for (int round = 0; round < plan.rounds(); round++) {
                Member member = new Member(this, plan, own, round);
                members.add(member);
                publishers.addAll(member.publishers());
            }
        }
        receipts = new Receipts(plan.ownPlaces() * plan.perClient(), plan.rounds(), 2 * plan.senders());
    }

    /** Obeys a command: a word and its numbers. */
    void obey(String command) throws IOException {
        String[] words = command.split(" ");
        long now = System.nanoTime();
        switch (words[0]) {
            case "status" -> {}
            case "connect" -> {
                tally.startTimer(now);
                connecting = true;
            }
            case "subscribe" -> {
                tally.startTimer(now);
                subscribeWindow = Integer.parseInt(words[1]);
                members.forEach(Member::subscribe);
            }
            case "pace" -> {
                rate = Double.parseDouble(words[1]);
                due = now;
            }
            case "loop" -> loop(Integer.parseInt(words[1]));
            case "once" -> once(Integer.parseInt(words[1]), Integer.parseInt(words[2]), now);
            case "stop" -> {
                looping = false;
                rate = 0;
                publishers.forEach(Publisher::stop);
            }
            case "measure" -> tally.measure();
            case "dead" -> {
                tally.startTimer(now);
                dead.add(Integer.parseInt(words[1]));
            }
            case "reset" -> {
                tally.startTimer(now);
                members.stream()
                        .filter(member -> member.round() >= plan.steady())
                        .forEach(member -> member.cut(now));
            }
            default -> throw new IOException("no such command: " + command);
        }
    }

    private void loop(int window) throws IOException {
        looping = true;
        for (Member member : members) {
            member.loop(window);
        }
    }

    /** Publishes a message in every nth channel, with a window for each client. */
    private void once(int every, int window, long now) {
        tally.startTimer(now);
        publishWindow = window;
        for (int i = 0; i < publishers.size(); i += every) {
            publishers.get(i).due(now);
        }
    }

    /** Does due work, then polls for a short time. */
    void step() throws IOException {
        long now = System.nanoTime();
        while (!timers.isEmpty() && timers.peek().at - now <= 0) {
            timers.poll().action.run();
        }
        while (connecting && begun < members.size() && begun - tally.count(Counter.CONNECTED) < MAX_CONNECTING) {
            members.get(begun++).connect(System.nanoTime());
        }
        if (now - checkedAt > CHECK_NANOS) {
            checkedAt = now;
            members.forEach(member -> member.checkDeadline(now));
        }
        long wait = STEP_NANOS;
        if (rate > 0) {
            wait = Math.min(wait, publishDue(now));
        }
        if (!timers.isEmpty()) {
            wait = Math.min(wait, timers.peek().at - System.nanoTime());
        }
        tally.paused(System.nanoTime() - polledAt);
        clients.poll(Math.max(wait, LEAST_WAIT_NANOS));
        polledAt = System.nanoTime();
    }

    /** Publishes at the rate. Returns the nanoseconds until the next publish is due. */
    private long publishDue(long now) {
        while (now - due >= 0) {
            publishers.get(turn++ % publishers.size()).due(due);
            due += (long) (SECOND / rate);
        }
        return due - now;
    }

    Client open(int number, int server, Member member) throws IOException {
        tally.add(Counter.ATTEMPTED, 1);
        return clients.connect(number, handshakes.get(server), member);
    }

    Tally tally() {
        return tally;
    }

    Receipts receipts() {
        return receipts;
    }

    Member member(int own, int round) {
        return members.get(own * plan.rounds() + round);
    }

    int subscribeWindow() {
        return subscribeWindow;
    }

    int publishWindow() {
        return publishWindow;
    }

    boolean isLooping() {
        return looping;
    }

    boolean isDead(int server) {
        return dead.contains(server);
    }

    int livingServer() {
        int[] living = IntStream.range(0, handshakes.size())
                .filter(server -> !dead.contains(server))
                .toArray();
        return living[ThreadLocalRandom.current().nextInt(living.length)];
    }

    void later(long at, Runnable action) {
        timers.add(new Timer(at, action));
    }

    /** Handles a login. The member subscribes if the command has come. */
    void connected(Member member, long now) {
        tally.count(Counter.CONNECTED, now);
        if (subscribeWindow > 0) {
            member.subscribe();
        }
    }

    /**
     * Handles the first delivery of a message to a member. In a storm, the latencies of members that stay count, and else
     * those of members at another server than the sender's, if there are any.
     */
    void delivered(Member to, Member from, long nanos, long now) {
        tally.count(Counter.DELIVERED, now);
        boolean counts = plan.steady() > 0
                ? to.round() < plan.steady()
                : plan.rounds() == 1 || plan.ports().size() == 1 || to.server() != from.server();
        if (counts) {
            tally.record(Latency.DELIVERY, nanos);
        }
    }

    Status status() {
        return tally.status(plan, receipts, publishers);
    }

    @Override
    public void close() throws IOException {
        clients.close();
    }
}

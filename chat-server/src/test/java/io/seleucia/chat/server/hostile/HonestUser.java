package io.seleucia.chat.server.hostile;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.LongForm;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/**
 * A client that keeps all rules: it publishes at a steady pace, by turns in some channels of its own, whether or not the
 * server answers, and reads its messages there. One thread publishes, one reads.
 */
final class HonestUser implements AutoCloseable {
    private static final int CHANNELS = 8; // so that the rate in each is one for people
    private static final Duration PACE = Duration.ofMillis(20);
    private static final int MESSAGES_BEFORE = LongForm.RUNS ? 100 : 25; // in which a server warms up
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(30);

    private final Peer peer;
    private final CountDownLatch talking = new CountDownLatch(MESSAGES_BEFORE);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CountDownLatch published = new CountDownLatch(1);
    private final CountDownLatch read = new CountDownLatch(1);

    private final ReentrantLock lock = new ReentrantLock(); // guards all below
    private final Map<Integer, Long> due = new HashMap<>(); // when each message was to be sent
    private final Set<Integer> open = new HashSet<>(); // requests without an answer
    private final List<Integer> acknowledged = new ArrayList<>();
    private final List<Integer> shown = new ArrayList<>();
    private final List<Long> nanos = new ArrayList<>(); // from when a message was to be sent until it was shown
    private final List<String> refusals = new ArrayList<>();
    private String end = "";

    /**
     * Joins the channels, and publishes until some messages have come back; in the long form, for two seconds, which is
     * longer than a Redis that has just started lets a first message wait. What is measured begins after that.
     *
     * @param connect the request to connect with, as JSON
     */
    HonestUser(Peer peer, String connect) throws IOException, InterruptedException {
        this.peer = peer;
        ask(connect);
        for (int i = 0; i < CHANNELS; i++) {
            ask("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"" + channel(i) + "\"}");
        }
        Thread.ofPlatform().daemon().name("honest-reader").start(this::readAll);
        Thread.ofPlatform().daemon().name("honest-writer").start(this::publishAll);
        if (!talking.await(LAST_ANSWERS.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException("its messages do not come back: " + figures());
        }
        forgetTimes();
    }

    private void forgetTimes() {
        lock.lock();
        try {
            nanos.clear();
        } finally {
            lock.unlock();
        }
    }

    private static String channel(int message) {
        return "quiet-" + message % CHANNELS;
    }

    private void ask(String request) throws IOException {
        peer.send(request);
        String reply = peer.read();
        if (reply.contains("\"type\":\"error\"")) {
            throw new IOException(reply);
        }
    }

    private void publishAll() {
        long next = System.nanoTime();
        try {
            for (int id = 3; !closing.await(next - System.nanoTime(), TimeUnit.NANOSECONDS); id++) {
                locked(id, next);
                peer.send("{\"id\":%d,\"type\":\"publish\",\"channel\":\"%s\",\"data\":%d}"
                        .formatted(id, channel(id), id));
                next += PACE.toNanos();
            }
        } catch (IOException e) {
            ended("writing: " + e);
        } catch (InterruptedException e) {
            ended("interrupted");
        } finally {
            published.countDown();
        }
    }

    private void locked(int id, long time) {
        lock.lock();
        try {
            due.put(id, time);
            open.add(id);
        } finally {
            lock.unlock();
        }
    }

    private void readAll() {
        try {
            while (true) {
                received(JsonParser.parseString(peer.read()).getAsJsonObject());
            }
        } catch (IOException e) {
            ended("reading: " + e);
        } finally {
            read.countDown();
        }
    }

    private void received(JsonObject frame) {
        lock.lock();
        try {
            switch (frame.get("type").getAsString()) {
                case "published" -> {
                    open.remove(frame.get("id").getAsInt());
                    acknowledged.add(frame.get("id").getAsInt());
                }
                case "message" -> {
                    int id = frame.get("data").getAsInt();
                    shown.add(id);
                    nanos.add(System.nanoTime() - due.get(id));
                    talking.countDown();
                }
                case "error" -> {
                    open.remove(frame.get("id").getAsInt());
                    refusals.add(frame.get("code").getAsString());
                }
                default -> {}
            }
        } finally {
            lock.unlock();
        }
    }

    private void ended(String why) {
        lock.lock();
        try {
            if (end.isEmpty() && published.getCount() > 0) {
                end = why;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Stops publishing, waits for the last answers, and returns what it has seen. */
    Figures figures() throws InterruptedException {
        closing.countDown();
        published.await();
        long deadline = System.nanoTime() + LAST_ANSWERS.toNanos();
        while (isWaiting() && System.nanoTime() - deadline < 0 && !read.await(10, TimeUnit.MILLISECONDS)) {
            // Something is still on its way.
        }
        lock.lock();
        try {
            List<Integer> lost = new ArrayList<>(acknowledged);
            lost.removeAll(shown);
            boolean ordered = IntStream.range(0, CHANNELS)
                    .mapToObj(
                            i -> shown.stream().filter(id -> id % CHANNELS == i).toList())
                    .allMatch(ids -> ids.equals(ids.stream().distinct().sorted().toList()));
            return new Figures(
                    nanos.stream().mapToLong(Long::longValue).sorted().toArray(),
                    open.size(),
                    List.copyOf(refusals),
                    lost,
                    ordered,
                    end);
        } finally {
            lock.unlock();
        }
    }

    private boolean isWaiting() {
        lock.lock();
        try {
            return !open.isEmpty() || !shown.containsAll(acknowledged);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        closing.countDown();
        peer.close();
    }
}

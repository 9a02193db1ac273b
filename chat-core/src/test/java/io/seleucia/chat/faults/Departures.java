package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * An observer at each server, which is told who joins and leaves. That a member has left is wrong if the member had been
 * there for a while and still is a while later: its own goodbye may be told late, as after a silence of Redis, and it may
 * itself notice late that its connection has ended.
 */
final class Departures implements AutoCloseable {
    private static final Duration BEFORE = Pace.BEAT.multipliedBy(3).plusSeconds(2);
    private static final int PAUSE_MILLIS = 200;

    /** That a member has left a channel, as a server said. */
    record Departure(String member, String channel, int port) {}

    private final List<Departure> wrong = new CopyOnWriteArrayList<>();
    private final List<CompletableFuture<Void>> checks = new CopyOnWriteArrayList<>();
    private final List<Thread> observers = new ArrayList<>();
    private final List<Speaker> speakers = new CopyOnWriteArrayList<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private Duration noticing; // set before anything is observed

    /**
     * Begins to listen.
     *
     * @param noticing how long a member may take to notice that its connection has ended
     */
    void begin(List<? extends Attendee> members, List<Integer> ports, Duration noticing) {
        this.noticing = noticing;
        for (int port : ports) {
            observers.add(Thread.ofVirtual().name("observer-" + port).start(() -> live(port, members)));
        }
    }

    private void live(int port, List<? extends Attendee> members) {
        Set<String> channels =
                members.stream().flatMap(member -> member.channels().stream()).collect(Collectors.toSet());
        try {
            while (!closing.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
                observe(port, channels, members);
            }
        } catch (InterruptedException e) {
            throw new AssertionError("an observer is not interrupted", e);
        }
    }

    private void observe(int port, Set<String> channels, List<? extends Attendee> members) {
        try (Speaker observer = Speaker.connect(port, Presences.OBSERVER)) {
            speakers.add(observer);
            for (String channel : channels) {
                JsonObject request = Speaker.request("subscribe", channel);
                request.addProperty("presence", true);
                observer.ask(request);
            }
            while (closing.getCount() > 0) {
                JsonObject push = observer.push();
                if (push.get("type").getAsString().equals("left")) {
                    String name = push.get("client").getAsString();
                    Departure told = new Departure(name, push.get("channel").getAsString(), port);
                    members.stream()
                            .filter(member -> member.name().equals(name))
                            .forEach(member -> check(told, member, member.thereSince()));
                }
            }
        } catch (IOException e) {
            // That server is not there at the moment, or not any more.
        }
    }

    private void check(Departure told, Attendee member, OptionalLong since) {
        if (since.isPresent() && System.nanoTime() - since.getAsLong() > BEFORE.toNanos()) {
            checks.add(CompletableFuture.runAsync(
                    () -> {
                        if (member.thereSince().equals(since)) {
                            wrong.add(told);
                        }
                    },
                    CompletableFuture.delayedExecutor(noticing.toMillis(), TimeUnit.MILLISECONDS)));
        }
    }

    /** Those that were wrong. */
    List<Departure> wrong() {
        return wrong;
    }

    /** Stops listening, and waits until the last are checked. */
    @Override
    public void close() {
        closing.countDown();
        speakers.forEach(Speaker::close);
        for (Thread observer : observers) {
            try {
                observer.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        checks.forEach(CompletableFuture::join);
    }
}

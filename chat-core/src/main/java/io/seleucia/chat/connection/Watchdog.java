package io.seleucia.chat.connection;

import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/**
 * The thread that keeps the deadlines of all connections. They have no timers, but clocks at which it looks in each round. So
 * a deadline is late by one round at most.
 */
public final class Watchdog implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Watchdog.class.getName());
    private static final long LONGEST_ROUND_MILLIS = 1_000;
    private static final long SHORTEST_ROUND_MILLIS = 10;

    /** Something with deadlines. */
    @FunctionalInterface
    public interface Watched {
        /**
         * Acts if a deadline has passed. Runs in the watchdog's thread and must not block.
         *
         * @param now {@link System#nanoTime}
         */
        void check(long now);
    }

    private final List<Collection<? extends Watched>> watched = new CopyOnWriteArrayList<>();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Duration round;

    /** Starts the thread, with rounds of a quarter of the shortest deadline. */
    public Watchdog(Duration shortestDeadline) {
        round = Duration.ofMillis(
                Math.clamp(shortestDeadline.toMillis() / 4, SHORTEST_ROUND_MILLIS, LONGEST_ROUND_MILLIS));
        Thread.ofVirtual().name("watchdog").start(this::run);
    }

    /** Keeps the deadlines of a collection from now on, which may change at any time. */
    public void watch(Collection<? extends Watched> all) {
        watched.add(all);
    }

    private void run() {
        Loop.every(round, LOG, "the watchdog", stopped, this::checkAll);
    }

    private void checkAll() {
        long now = System.nanoTime();
        for (Collection<? extends Watched> all : watched) {
            Loop.attempt(LOG, "going through what has deadlines", () -> all.forEach(one -> check(one, now)));
        }
    }

    private static void check(Watched one, long now) {
        try {
            one.check(now);
        } catch (Throwable e) { // the deadlines of the others must be kept
            Loop.report(LOG, "checking deadlines", e);
        }
    }

    /** Ends the thread. Deadlines are no longer kept. */
    @Override
    public void close() {
        stopped.countDown();
    }
}

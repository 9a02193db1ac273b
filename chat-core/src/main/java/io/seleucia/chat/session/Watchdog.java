package io.seleucia.chat.session;

import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One thread that keeps all deadlines of all connections: instead of a timer each, they have clocks that it looks at
 * every so often. So a deadline is late by one round at the most.
 */
public final class Watchdog implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Watchdog.class.getName());
    private static final Duration LONGEST_ROUND = Duration.ofSeconds(1);
    private static final Duration SHORTEST_ROUND = Duration.ofMillis(10);

    /** Something with deadlines. */
    @FunctionalInterface
    public interface Watched {
        /**
         * Looks at its clocks and acts where a deadline has passed. Runs in the watchdog's thread and must not block.
         *
         * @param now {@link System#nanoTime}
         */
        void check(long now);
    }

    private final List<Collection<? extends Watched>> watched = new CopyOnWriteArrayList<>();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final long roundMillis;

    /** Starts the thread; a quarter of the shortest deadline is how late it may be. */
    public Watchdog(Duration shortestDeadline) {
        Duration round = shortestDeadline.dividedBy(4);
        if (round.compareTo(LONGEST_ROUND) > 0) {
            round = LONGEST_ROUND;
        } else if (round.compareTo(SHORTEST_ROUND) < 0) {
            round = SHORTEST_ROUND;
        }
        roundMillis = round.toMillis();
        Thread.ofVirtual().name("watchdog").start(this::run);
    }

    /** From now on the deadlines of all are kept that are in a collection, which may change at any time. */
    public void watch(Collection<? extends Watched> all) {
        watched.add(all);
    }

    private void run() {
        Loop.run(LOG, "the watchdog", () -> stopped.getCount() > 0, this::round);
    }

    private void round() throws InterruptedException {
        if (stopped.await(roundMillis, TimeUnit.MILLISECONDS)) {
            return;
        }
        long now = System.nanoTime();
        for (Collection<? extends Watched> all : watched) {
            Loop.attempt(LOG, "going through what has deadlines", () -> all.forEach(one -> check(one, now)));
        }
    }

    private static void check(Watched one, long now) {
        try {
            one.check(now);
        } catch (Throwable e) { // those of the others must be kept
            Loop.report(LOG, "checking deadlines", e);
        }
    }

    /** Ends the thread. Deadlines are no longer kept. */
    @Override
    public void close() {
        stopped.countDown();
    }
}

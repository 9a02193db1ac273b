package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What is to be done with very many things again and again: part by part, spread over a time, so that Redis and those who
 * need it never wait for all of it. The same thing has its turn at the same time of each round, and so has one that is new:
 * it waits for no longer than a round takes.
 */
final class RedisRound {
    private static final Logger LOG = System.getLogger(RedisRound.class.getName());
    private static final int TURNS = 32; // in a round
    private static final int PART = 250; // asked about in one question

    private RedisRound() {}

    /**
     * Goes round once. Blocks for as long as that is to take, and what the work itself takes. An error is logged, and the
     * round goes on.
     *
     * @param all as it is at each turn
     * @param duration how long it is to take, however much or little there is to do
     * @param closed ends it
     * @return false if it was ended
     */
    static <T> boolean go(Collection<T> all, Duration duration, CountDownLatch closed, Consumer<List<T>> what)
            throws InterruptedException {
        long began = System.nanoTime();
        for (int turn = 0; turn < TURNS; turn++) {
            int now = turn;
            List<T> theirs = all.stream().filter(one -> turn(one) == now).toList();
            for (int from = 0; from < theirs.size(); from += PART) {
                try {
                    what.accept(theirs.subList(from, Math.min(from + PART, theirs.size())));
                } catch (Throwable e) {
                    Loop.report(LOG, "a part of what is due every so often", e);
                }
            }
            long due = began + duration.toNanos() / TURNS * (turn + 1);
            if (closed.await(due - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                return false;
            }
        }
        return true;
    }

    private static int turn(Object one) {
        int hash = one.hashCode();
        return (hash ^ hash >>> 16) & TURNS - 1;
    }
}

package io.seleucia.chat.broker.redis;

import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Spreads periodic work over many keys within one interval, so that neither Redis nor its other users wait for all of
 * it. A key has the same turn in each round, so that it waits for no longer than a round takes.
 */
final class PacedScan {
    private static final Logger LOG = System.getLogger(PacedScan.class.getName());
    private static final int TURNS = 32; // in a round
    private static final int PART = 250; // keys in one round trip

    private PacedScan() {}

    /**
     * Passes all keys to an action, part by part. Blocks for the duration, or as long as the action takes. A failure is
     * logged, and the round goes on.
     *
     * @param keys read anew at each turn
     * @param closed ends the round
     * @return false if it was ended
     */
    static <T> boolean go(Collection<T> keys, Duration duration, CountDownLatch closed, Consumer<List<T>> action)
            throws InterruptedException {
        long began = System.nanoTime();
        for (int turn = 0; turn < TURNS; turn++) {
            int now = turn;
            List<T> due = keys.stream().filter(key -> turn(key) == now).toList();
            for (int from = 0; from < due.size(); from += PART) {
                List<T> part = due.subList(from, Math.min(from + PART, due.size()));
                Loop.attempt(LOG, "a part of periodic work", () -> action.accept(part));
            }
            long end = began + duration.toNanos() / TURNS * (turn + 1);
            if (closed.await(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                return false;
            }
        }
        return true;
    }

    private static int turn(Object key) {
        int hash = key.hashCode();
        return (hash ^ hash >>> 16) & TURNS - 1;
    }
}

package io.seleucia.chat.server.management;

import io.seleucia.chat.concurrent.ThrottledLog;
import io.seleucia.chat.transport.Network;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Slows down guesses of the token. After each wrong one, whoever is of the same {@link Network} waits longer before the
 * next token is looked at, right or wrong: else the wait would tell them apart.
 * A right one takes nothing back, so that a guesser gains nothing from an operator at the same address. Any thread.
 */
final class Guesses {
    private static final Logger LOG = System.getLogger(Guesses.class.getName());
    private static final long FIRST = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long LONGEST = TimeUnit.SECONDS.toNanos(4);
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(9);
    private static final long MEMORY = TimeUnit.MINUTES.toNanos(1);
    private static final int MAX_NETWORKS = 10_000;

    private static final class Failures {
        private int count;
        private long failedAt; // the last
    }

    private final ThrottledLog log = new ThrottledLog(LOG, Level.WARNING);
    private final ReentrantLock lock = new ReentrantLock(); // guards the next
    private final Map<Network, Failures> byNetwork = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Network, Failures> eldest) {
            return size() > MAX_NETWORKS;
        }
    };

    /**
     * Looks at a token. Blocks until one from that address may be looked at.
     *
     * @param right compares it, in a time that tells nothing
     * @throws Refusal if it would have to wait too long
     */
    boolean check(InetAddress from, BooleanSupplier right) throws Refusal {
        Network network = Network.of(from);
        long began = System.nanoTime();
        OptionalLong wait = attempt(network, right);
        while (wait.isPresent() && wait.getAsLong() > 0) { // another may be wrong meanwhile, and then it waits again
            if (System.nanoTime() - began + wait.getAsLong() > PATIENCE) {
                throw new Refusal(429, "too many wrong tokens from your address, try again later");
            }
            try {
                TimeUnit.NANOSECONDS.sleep(wait.getAsLong());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Refusal(503, "the server is shutting down");
            }
            wait = attempt(network, right);
        }
        if (wait.isPresent()) {
            log.log(() -> "a wrong token for the operator's port came from " + from.getHostAddress());
        }
        return wait.isEmpty();
    }

    /** Returns nothing if it is right, 0 if it is wrong, and how long to wait, in nanoseconds, if it may not be looked at. */
    private OptionalLong attempt(Network network, BooleanSupplier right) {
        lock.lock();
        try {
            long now = System.nanoTime();
            Failures failures = byNetwork.get(network);
            if (failures != null && now - failures.failedAt > MEMORY) {
                byNetwork.remove(network);
                failures = null;
            }
            if (failures != null && failures.failedAt + pause(failures.count) - now > 0) {
                return OptionalLong.of(failures.failedAt + pause(failures.count) - now);
            }
            if (right.getAsBoolean()) {
                return OptionalLong.empty();
            }
            if (failures == null) {
                failures = new Failures();
                byNetwork.put(network, failures);
            }
            failures.count++;
            failures.failedAt = now;
            return OptionalLong.of(0);
        } finally {
            lock.unlock();
        }
    }

    private static long pause(int failures) {
        return Math.min(LONGEST, FIRST << Math.min(failures - 1, 10));
    }
}

package io.seleucia.chat.server.management;

import io.seleucia.chat.concurrent.FailureBackoff;
import io.seleucia.chat.concurrent.ThrottledLog;
import io.seleucia.chat.message.Network;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Slows down guesses of the management token. After each wrong token, the next token from the same {@link Network} waits
 * longer before it is compared, whether it is right or wrong: otherwise the wait would tell them apart. A right token
 * removes no failures, so that a guesser gains nothing from an operator at the same address. Any thread.
 */
final class TokenThrottle {
    private static final Logger LOG = System.getLogger(TokenThrottle.class.getName());
    private static final long MAX_WAIT = TimeUnit.SECONDS.toNanos(9);
    private static final int MAX_NETWORKS = 10_000;

    private final ThrottledLog log = new ThrottledLog(LOG, Level.WARNING);
    private final ReentrantLock lock = new ReentrantLock(); // guards the next
    private final FailureBackoff<Network> failures =
            new FailureBackoff<>(Duration.ofMillis(250), Duration.ofSeconds(4), Duration.ofMinutes(1), MAX_NETWORKS);

    /**
     * Checks a token. Blocks until a token from that address may be compared.
     *
     * @param right compares the token, in constant time
     * @return whether the token is right
     * @throws HttpError if the token would have to wait too long
     */
    boolean check(InetAddress from, BooleanSupplier right) throws HttpError {
        Network network = Network.of(from);
        long began = System.nanoTime();
        OptionalLong wait = attempt(network, right);
        while (wait.isPresent() && wait.getAsLong() > 0) { // another wrong token may come meanwhile
            if (System.nanoTime() - began + wait.getAsLong() > MAX_WAIT) {
                throw new HttpError(429, "too many wrong tokens from your address, try again later");
            }
            try {
                TimeUnit.NANOSECONDS.sleep(wait.getAsLong());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new HttpError(503, "the server is shutting down");
            }
            wait = attempt(network, right);
        }
        if (wait.isPresent()) {
            log.log(() -> "wrong token for the management port from " + from.getHostAddress());
        }
        return wait.isEmpty();
    }

    /** Returns empty if the token is right, 0 if it is wrong, or else how long it must wait first, in nanoseconds. */
    private OptionalLong attempt(Network network, BooleanSupplier right) {
        lock.lock();
        try {
            long now = System.nanoTime();
            long wait = failures.pause(network, now);
            if (wait > 0) {
                return OptionalLong.of(wait);
            }
            if (right.getAsBoolean()) {
                return OptionalLong.empty();
            }
            failures.add(network, now);
            return OptionalLong.of(0);
        } finally {
            lock.unlock();
        }
    }
}

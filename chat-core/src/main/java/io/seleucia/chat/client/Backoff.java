package io.seleucia.chat.client;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * The wait before the next attempt, with full jitter: a random time up to a bound that doubles with every attempt, up to a
 * cap. Clients that have lost their connections together do not reconnect together. Not thread-safe.
 */
final class Backoff {
    private static final int MOST_DOUBLINGS = 20;
    private static final int PATIENT = 3; // doublings

    private final long baseNanos;
    private final long capNanos;
    private final RandomGenerator random;
    private int attempts;

    Backoff(Duration base, Duration cap, RandomGenerator random) {
        this.baseNanos = base.toNanos();
        this.capNanos = cap.toNanos();
        this.random = random;
    }

    /** Returns the wait after an ordinary loss. */
    Duration next() {
        return Duration.ofNanos(random.nextLong(bound() + 1));
    }

    /** Returns the wait if the server is busy: at least half of the bound, which starts higher. */
    Duration nextPatient() {
        attempts = Math.max(attempts, PATIENT);
        long bound = bound();
        return Duration.ofNanos(bound / 2 + random.nextLong(bound / 2 + 1));
    }

    private long bound() {
        long factor = 1L << Math.min(attempts++, MOST_DOUBLINGS);
        return baseNanos > capNanos / factor ? capNanos : baseNanos * factor;
    }

    /** Makes the next wait as short as the first one. */
    void reset() {
        attempts = 0;
    }
}

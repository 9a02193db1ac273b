package io.seleucia.chat.client;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt, with full jitter: anything from nothing to a bound that doubles with every
 * attempt, up to a cap. So those who lost their connections together do not come back together. Not thread-safe.
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

    /** After an ordinary loss. */
    Duration next() {
        return Duration.ofNanos(random.nextLong(bound() + 1));
    }

    /** After having been asked to stay away for a while: half of a bound that is higher from the beginning is certain. */
    Duration nextPatient() {
        attempts = Math.max(attempts, PATIENT);
        long bound = bound();
        return Duration.ofNanos(bound / 2 + random.nextLong(bound / 2 + 1));
    }

    private long bound() {
        long factor = 1L << Math.min(attempts++, MOST_DOUBLINGS);
        return baseNanos > capNanos / factor ? capNanos : baseNanos * factor;
    }

    /** The next wait is as short as the first one. */
    void reset() {
        attempts = 0;
    }
}

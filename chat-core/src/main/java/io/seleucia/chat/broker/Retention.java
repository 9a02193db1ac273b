package io.seleucia.chat.broker;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Objects;

/**
 * The amount of a channel that is kept, and the time for which it is.
 *
 * @param messages the maximum number of messages in a channel's history; 0: messages are delivered, and none is kept, in
 *     memory or on disk
 * @param age the age at which a message leaves the history, even if no new one is published
 * @param positions how long an unused channel remembers its epoch and offset, so that a quiet client still recovers; never
 *     less than {@code age}, for messages without a position are of no use
 * @param keys how long an idempotency key returns the first position
 * @param archive how long a journal's files stay readable after they were last written; zero: only as long as the other
 *     components require. Used only by a broker with a journal
 */
public record Retention(int messages, Duration age, Duration positions, Duration keys, Duration archive) {
    /** For {@link #archive}: files are never deleted. */
    public static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();

    private static final Duration LONGEST = Duration.ofDays(36_500); // the sum of two fits in nanoseconds

    /** 1,000 messages for 24 hours; positions for 30 days, keys for 5 minutes; the archive of a journal forever. */
    public static final Retention DEFAULT =
            new Retention(1_000, Duration.ofHours(24), Duration.ofDays(30), Duration.ofMinutes(5), FOREVER);

    /** Refuses negative numbers, and times that are not positive or too long. */
    public Retention {
        if (messages < 0) {
            throw new IllegalArgumentException("messages must be 0 or more");
        }
        positive("age", age);
        positive("positions", positions);
        positive("keys", keys);
        Objects.requireNonNull(archive, "archive");
        if (archive.isNegative()) {
            throw new IllegalArgumentException("an archive's age must not be negative");
        }
        if (positions.compareTo(age) < 0) {
            positions = age;
        }
    }

    private static void positive(String name, Duration value) {
        Objects.requireNonNull(value, name);
        if (!value.isPositive() || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(name + " must be positive, and " + LONGEST.toDays() + " days at most");
        }
    }

    /**
     * {@return a copy with another number of messages}
     *
     * @param messages see {@link #messages}
     */
    public Retention withMessages(int messages) {
        return new Retention(messages, age, positions, keys, archive);
    }

    /**
     * {@return a copy with another age of messages}
     *
     * @param age see {@link #age}
     */
    public Retention withAge(Duration age) {
        return new Retention(messages, age, positions, keys, archive);
    }

    /**
     * {@return a copy with another lifetime of idempotency keys}
     *
     * @param keys see {@link #keys}
     */
    public Retention withKeys(Duration keys) {
        return new Retention(messages, age, positions, keys, archive);
    }

    /**
     * {@return a copy with another age of the archive}
     *
     * @param archive see {@link #archive}
     */
    public Retention withArchive(Duration archive) {
        return new Retention(messages, age, positions, keys, archive);
    }
}

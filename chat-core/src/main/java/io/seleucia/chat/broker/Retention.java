package io.seleucia.chat.broker;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Objects;

/**
 * How much of a channel is kept, and how long.
 *
 * @param messages the newest messages of a channel that stay in its history
 * @param age the age at which a message leaves the history; also how long a channel's messages are kept when nothing
 *     new comes
 * @param positions how long an unused channel remembers its epoch and offset, so that a quiet client still recovers; never
 *     less than {@code age}, for messages without a position would be of no use
 * @param keys how long an idempotency key gives the first position back
 * @param archive how long a journal's files stay readable after they were last written, beyond what the others say; zero
 *     where nothing is to be kept beyond that. Only a broker with a journal knows it
 */
public record Retention(int messages, Duration age, Duration positions, Duration keys, Duration archive) {
    /** For {@link #archive}: nothing ever goes. */
    public static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();

    private static final Duration LONGEST = Duration.ofDays(36_500); // sums of two can be told in nanoseconds

    /** 1,000 messages, 24 hours; positions 30 days, keys 5 minutes; the archive of a journal forever. */
    public static final Retention DEFAULT =
            new Retention(1_000, Duration.ofHours(24), Duration.ofDays(30), Duration.ofMinutes(5), FOREVER);

    /** Refuses what would keep nothing, and times that can't be reckoned with. */
    public Retention {
        if (messages < 1) {
            throw new IllegalArgumentException("a history keeps at least one message");
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
            throw new IllegalArgumentException(
                    name + " must be positive, and " + LONGEST.toDays() + " days at the most");
        }
    }

    /** The same with another number of messages. */
    public Retention withMessages(int messages) {
        return new Retention(messages, age, positions, keys, archive);
    }

    /** The same with another age of messages. */
    public Retention withAge(Duration age) {
        return new Retention(messages, age, positions, keys, archive);
    }

    /** The same with another life of idempotency keys. */
    public Retention withKeys(Duration keys) {
        return new Retention(messages, age, positions, keys, archive);
    }

    /** The same with another age of the archive. */
    public Retention withArchive(Duration archive) {
        return new Retention(messages, age, positions, keys, archive);
    }
}

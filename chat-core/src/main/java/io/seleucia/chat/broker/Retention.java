package io.seleucia.chat.broker;

import java.time.Duration;

/**
 * How much of a channel is kept, and how long.
 *
 * @param messages the newest messages of a channel that stay in its history
 * @param age the age at which a message leaves the history; also how long a channel's messages are kept when nothing
 *     new comes
 * @param positions how long an unused channel remembers its epoch and offset, so that a quiet client still recovers
 * @param keys how long an idempotency key gives the first position back
 */
public record Retention(int messages, Duration age, Duration positions, Duration keys) {
    /** 1,000 messages, 24 hours; positions 30 days, keys 5 minutes. */
    public static final Retention DEFAULT =
            new Retention(1_000, Duration.ofHours(24), Duration.ofDays(30), Duration.ofMinutes(5));

    /** Refuses what would keep nothing. */
    public Retention {
        if (messages < 1) {
            throw new IllegalArgumentException("a history keeps at least one message");
        }
        if (!age.isPositive() || !positions.isPositive() || !keys.isPositive()) {
            throw new IllegalArgumentException("times of retention must be positive");
        }
    }

    /** The same with another number of messages. */
    public Retention withMessages(int messages) {
        return new Retention(messages, age, positions, keys);
    }

    /** The same with another age of messages. */
    public Retention withAge(Duration age) {
        return new Retention(messages, age, positions, keys);
    }

    /** The same with another life of idempotency keys. */
    public Retention withKeys(Duration keys) {
        return new Retention(messages, age, positions, keys);
    }
}

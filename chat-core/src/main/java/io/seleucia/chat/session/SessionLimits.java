package io.seleucia.chat.session;

import java.util.concurrent.TimeUnit;

/**
 * The limits of one session; see {@code Limits} for the meaning of each.
 *
 * @param requests the rate of its requests, which all sessions share
 */
public record SessionLimits(int channels, Bucket.Rate requests) {
    /** @param burst requests at once */
    public SessionLimits(int channels, int messagesPerSecond, int burst) {
        this(channels, Bucket.Rate.of(messagesPerSecond, TimeUnit.SECONDS.toNanos(1), burst));
    }
}

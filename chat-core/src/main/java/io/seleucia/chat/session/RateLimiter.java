package io.seleucia.chat.session;

/**
 * A token bucket for one session's requests. Used by its inbound loop only. Times are {@link System#nanoTime}.
 *
 * <p>A peer that is refused again and again, never leaving it alone for a second, floods; after five seconds of that it
 * is to be closed.
 */
final class RateLimiter {
    private static final double NANOS = 1e9;
    private static final long PAUSE = 1_000_000_000L;
    private static final long PATIENCE = 5_000_000_000L;

    private final int perSecond;
    private final int burst;
    private double tokens;
    private long filledAt;
    private long refusedSince;
    private long refusedAt;
    private boolean refused;

    RateLimiter(int perSecond, int burst, long now) {
        this.perSecond = perSecond;
        this.burst = burst;
        this.tokens = burst;
        this.filledAt = now;
    }

    /** Whether one more request is within the limit. */
    boolean allows(long now) {
        tokens = Math.min(burst, tokens + (now - filledAt) / NANOS * perSecond);
        filledAt = now;
        if (tokens >= 1) {
            tokens--;
            return true;
        }
        if (!refused || now - refusedAt > PAUSE) {
            refusedSince = now;
        }
        refused = true;
        refusedAt = now;
        return false;
    }

    /** How long it takes until one more request is within the limit, if none comes before. Asked after a refusal. */
    long nanosUntilNext() {
        return (long) Math.ceil((1 - tokens) / perSecond * NANOS);
    }

    /** Whether the last refusal ends the session. Asked after one. */
    boolean exhausted() {
        return refusedAt - refusedSince > PATIENCE;
    }
}

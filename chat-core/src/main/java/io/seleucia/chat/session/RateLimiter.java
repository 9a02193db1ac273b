package io.seleucia.chat.session;

/**
 * The limiter of one session's requests. Used by its inbound loop only. Times are {@link System#nanoTime}.
 *
 * <p>A client floods if it is refused again and again, without a pause of a second. After five seconds of that, its
 * connection is closed.
 */
final class RateLimiter {
    private static final long SECOND = 1_000_000_000L;
    private static final long PATIENCE = 5_000_000_000L;

    private final Bucket bucket;
    private long refusedSince;
    private long refusedAt;
    private boolean refused;

    RateLimiter(Bucket.Rate rate, long now) {
        this.bucket = new Bucket(rate, now);
    }

    /** Takes a request; false if it is one too many. */
    boolean allows(long now) {
        boolean allowed = bucket.take(1, now);
        if (!allowed) {
            refuse(now);
        }
        return allowed;
    }

    /** Notes that a request was refused, by this limiter or for another reason. */
    void refuse(long now) {
        if (!refused || now - refusedAt > SECOND) {
            refusedSince = now;
        }
        refused = true;
        refusedAt = now;
    }

    /** Returns how long it takes until one more request is within the limit, if none comes before. */
    long nanosUntilNext(long now) {
        return bucket.nanosUntilOpen(now);
    }

    /** Returns whether the last refusal ends the session. */
    boolean exhausted() {
        return refusedAt - refusedSince > PATIENCE;
    }
}

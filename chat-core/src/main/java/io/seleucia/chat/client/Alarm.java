package io.seleucia.chat.client;

/** One check of all deadlines, and the time of the next one. Times are {@link System#nanoTime}. */
final class Alarm {
    private static final long LONGEST_NANOS = 60_000_000_000L;

    private final long now;
    private long next;

    Alarm(long now) {
        this.now = now;
        this.next = now + LONGEST_NANOS;
    }

    /** Returns whether that time has come. If not, the next check is not later. */
    boolean isDue(long at) {
        if (now - at >= 0) {
            return true;
        }
        next = Math.min(next - now, at - now) + now;
        return false;
    }

    /** Requests another check at once. */
    void lookAgain() {
        next = now;
    }

    /** Returns the time until the next check. */
    long nanosUntilNext() {
        return next - System.nanoTime();
    }
}

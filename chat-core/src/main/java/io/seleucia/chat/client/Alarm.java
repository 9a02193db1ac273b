package io.seleucia.chat.client;

/** One look at all clocks: what is due now, and when the next look is worth while. Times are {@link System#nanoTime}. */
final class Alarm {
    private static final long LONGEST_NANOS = 60_000_000_000L;

    private final long now;
    private long next;

    Alarm() {
        this(System.nanoTime());
    }

    /** A look at another time. */
    Alarm(long now) {
        this.now = now;
        this.next = now + LONGEST_NANOS;
    }

    long now() {
        return now;
    }

    /** Whether that time has come; if not, the next look is not later. */
    boolean isDue(long at) {
        if (now - at >= 0) {
            return true;
        }
        next = Math.min(next - now, at - now) + now;
        return false;
    }

    /** The next look is at once. */
    void lookAgain() {
        next = now;
    }

    /** How long nothing becomes due, as far as anybody has asked. */
    long nanosUntilNext() {
        return next - System.nanoTime();
    }
}

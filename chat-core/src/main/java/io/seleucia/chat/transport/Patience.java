package io.seleucia.chat.transport;

import java.time.Duration;

/**
 * How long a connection that is not served yet may take for what it does: its handshakes, or one request of HTTP after the
 * other. The connection's thread sets it, the watchdog and the thread that stops the server read it.
 */
public final class Patience {
    private volatile long since = System.nanoTime();
    private volatile long nanos;
    private volatile boolean idle; // waits for another request
    private volatile boolean stopping;

    /** Starts with the time for the first step. */
    public Patience(Duration first) {
        nanos = first.toNanos();
    }

    /** Begins the next step. */
    public void begin(Duration longest) {
        nanos = longest.toNanos(); // first: a clock that is read in between is early, and its limit no shorter
        since = System.nanoTime();
        idle = false;
    }

    /** Begins to wait for another request. Returns false if the server is stopping, so that none is read any more. */
    boolean rest(Duration longest) {
        begin(longest);
        idle = true;
        return !stopping;
    }

    /** Notes that the server stops. Returns whether the connection waits for another request, and can be closed. */
    public boolean stop() {
        stopping = true;
        return idle;
    }

    /** Returns whether the connection waits for another request. */
    public boolean isIdle() {
        return idle;
    }

    /** Returns whether the server is stopping. */
    boolean isStopping() {
        return stopping;
    }

    /**
     * Returns whether the current step has taken too long.
     *
     * @param now {@link System#nanoTime}
     * @param most the longest time for any step
     */
    public boolean isOver(long now, Duration most) {
        return now - since > Math.min(nanos, most.toNanos());
    }
}

package io.seleucia.chat.concurrent;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;

/**
 * A bound for the callers that do something at a time. The others wait in the order in which they came, but no longer than the
 * patience. When thousands of clients come back at once, those inside are served quickly, and the others overload nothing.
 * Any thread. See {@link FairGate} for places that are shared between keys.
 *
 * @param <X> the exception for a caller that is not let in
 */
public final class Bulkhead<X extends Exception> {
    private final Semaphore places;
    private final Duration patience;
    private final String what;
    private final BiFunction<String, Throwable, X> refusal;

    /**
     * Creates an empty bulkhead.
     *
     * @param places the most callers inside
     * @param patience the longest wait of a caller
     * @param what the work inside, for messages: {@code "read the archive"}
     * @param refusal makes an exception of a message and a cause, which may be null
     */
    public Bulkhead(int places, Duration patience, String what, BiFunction<String, Throwable, X> refusal) {
        this.places = new Semaphore(places, true);
        this.patience = patience;
        this.what = what;
        this.refusal = refusal;
    }

    /**
     * Takes a place, which {@link #leave} gives back. Blocks until there is one.
     *
     * @throws X if there was none in time, or the thread was interrupted, and then stays so; no place is taken
     */
    public void enter() throws X {
        try {
            if (!places.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                throw refusal.apply("too many callers " + what + " at the same time", null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw refusal.apply("interrupted while waiting to " + what, e);
        }
    }

    /** Gives a place back. Does not block. */
    public void leave() {
        places.release();
    }
}

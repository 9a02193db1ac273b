package io.seleucia.chat.broker;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Lets so many ask Redis at the same time; the others wait for their turn, first come, first served. When thousands come
 * back at once they would all stand in the line for Redis otherwise, and publishers behind them, until all have waited
 * for too long. Whoever is inside is soon answered, and only then does the time count that an answer may take.
 */
final class RedisTurnstile {
    /** The longest that somebody waits outside. */
    static final Duration PATIENCE = Duration.ofSeconds(8);

    private final Semaphore places;

    /**
     * @param places how many may be inside; enough for few round trips, and no more
     */
    RedisTurnstile(int places) {
        this.places = new Semaphore(places, true);
    }

    /**
     * Waits for a place, which must be given back with {@link #leave}.
     *
     * @throws UnavailableException if there is none in time; then there is nothing to give back
     */
    void enter() throws UnavailableException {
        try {
            if (!places.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new UnavailableException("too many ask Redis at the same time", null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while waiting for a turn to ask Redis", e);
        }
    }

    /** Gives the place to the next. */
    void leave() {
        places.release();
    }
}

package io.seleucia.chat.session;

import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/**
 * A token bucket in one number: the time until which the units taken last at the allowed rate (the generic cell rate
 * algorithm of ITU-T I.371, as a virtual schedule). Units can be taken as long as that time is not too far ahead, and then
 * any number: a large message is never stuck, and is paid for afterwards.
 *
 * <p>Any thread; one atomic step, no lock. Times are {@link System#nanoTime}.
 */
final class Bucket {
    /**
     * The speed at which a bucket fills.
     *
     * @param nanos for one unit; 0 for no bound
     * @param depth the most nanoseconds by which the time may be ahead before more is taken
     */
    record Rate(double nanos, long depth) {
        private static final Rate UNBOUNDED = new Rate(0, 0);

        /**
         * Returns a rate.
         *
         * @param units in that time, on average; 0 for no bound
         * @param atOnce units that a full bucket holds; one at least
         */
        static Rate of(long units, long perNanos, long atOnce) {
            double nanos = (double) perNanos / Math.max(1, units);
            return units == 0 ? UNBOUNDED : new Rate(nanos, (long) (nanos * (Math.max(1, atOnce) - 1)));
        }
    }

    private static final AtomicLongFieldUpdater<Bucket> UNTIL =
            AtomicLongFieldUpdater.newUpdater(Bucket.class, "until");

    private final Rate rate;
    private volatile long until;

    Bucket(Rate rate, long now) {
        this.rate = rate;
        this.until = now;
    }

    /** Takes units; false, without effect, if nothing is left now. */
    boolean take(long units, long now) {
        if (rate.nanos == 0) {
            return true;
        }
        long cost = (long) (units * rate.nanos);
        while (true) {
            long was = until;
            long ahead = Math.max(0, was - now);
            if (ahead > rate.depth) {
                return false;
            }
            if (UNTIL.compareAndSet(this, was, now + ahead + cost)) {
                return true;
            }
        }
    }

    void putBack(long units) {
        UNTIL.addAndGet(this, -(long) (units * rate.nanos));
    }

    /** Returns whether something can be taken now. */
    boolean isOpen(long now) {
        return rate.nanos == 0 || until - now <= rate.depth;
    }

    /** Returns how long it takes until something can be taken, if nothing is taken meanwhile; 0 if it can be now. */
    long nanosUntilOpen(long now) {
        return Math.max(0, until - now - rate.depth);
    }

    /** Returns whether all units are back, so that a new bucket would do as well. */
    boolean isFull(long now) {
        return until - now <= 0;
    }
}

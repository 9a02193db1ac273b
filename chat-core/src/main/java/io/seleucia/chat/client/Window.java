package io.seleucia.chat.client;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Bounds the bytes that have been read and wait for the listener: the client reads on while there is room. Any thread. */
final class Window {
    private static final int OVERHEAD_BYTES = 128; // of each message

    private final AtomicLong used = new AtomicLong();
    private final AtomicBoolean full = new AtomicBoolean(); // drained must be called when there is room again
    private final int bound;
    private final Runnable drained;
    private volatile boolean lifted;

    /** @param drained called when there is room again, after {@link #hasRoom} was false */
    Window(int bound, Runnable drained) {
        this.bound = bound;
        this.drained = drained;
    }

    /** Adds waiting bytes, even over the bound. */
    void take(int bytes) {
        used.addAndGet(bytes + OVERHEAD_BYTES);
    }

    /** Removes waiting bytes. */
    void give(int bytes) {
        if (used.addAndGet(-bytes - OVERHEAD_BYTES) < bound && full.compareAndSet(true, false)) {
            drained.run();
        }
    }

    /** Returns whether more may be read. If not, a call follows when there is room again. */
    boolean hasRoom() {
        if (lifted || used.get() < bound) {
            return true;
        }
        full.set(true);
        return lifted || used.get() < bound; // drained meanwhile; an extra call does no harm
    }

    /** Lifts the bound: acknowledgements must be read even while the listener waits for the client's end. */
    void lift() {
        lifted = true;
        if (full.compareAndSet(true, false)) {
            drained.run();
        }
    }
}

package io.seleucia.chat.client;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** How much has been read and not yet been shown to the listener, in bytes: the client reads on while there is room. */
final class Window {
    private static final int OVERHEAD_BYTES = 128; // of each message

    private final AtomicLong used = new AtomicLong();
    private final AtomicBoolean full = new AtomicBoolean(); // whether somebody is to be told that there is room again
    private final int bound;
    private final Runnable drained;
    private volatile boolean lifted;

    /**
     * An empty one.
     *
     * @param drained is called after {@link #hasRoom} was false, once it is true
     */
    Window(int bound, Runnable drained) {
        this.bound = bound;
        this.drained = drained;
    }

    /** Something more waits. Whether it fits is not asked: it is there. */
    void take(int bytes) {
        used.addAndGet(bytes + OVERHEAD_BYTES);
    }

    /** It waits no longer. */
    void give(int bytes) {
        if (used.addAndGet(-bytes - OVERHEAD_BYTES) < bound && full.compareAndSet(true, false)) {
            drained.run();
        }
    }

    /** Whether more may be read. If not, there will be a call once that has changed. */
    boolean hasRoom() {
        if (lifted || used.get() < bound) {
            return true;
        }
        full.set(true);
        return lifted || used.get() < bound; // it may have become empty just now; a call too many does no harm
    }

    /**
     * Has room for everything from now on: the listener takes nothing while it waits for the client to end, and what is
     * acknowledged meanwhile must be read.
     */
    void lift() {
        lifted = true;
        if (full.compareAndSet(true, false)) {
            drained.run();
        }
    }
}

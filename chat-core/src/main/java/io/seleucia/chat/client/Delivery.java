package io.seleucia.chat.client;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Calls the program's listener, in a virtual thread of its own, one call after the other. What waits is bounded in bytes
 * by the client, which does not read on while there is no room: see {@link #hasRoom}.
 */
final class Delivery {
    private static final Logger LOG = System.getLogger(Delivery.class.getName());
    private static final int OVERHEAD_BYTES = 128;

    /** A call, and what it occupies while it waits. */
    private record Parcel(int bytes, Consumer<ChatListener> call) {}

    private static final Parcel LAST = new Parcel(0, listener -> {});

    private final BlockingQueue<Parcel> parcels = new LinkedBlockingQueue<>();
    private final AtomicLong waiting = new AtomicLong(); // bytes
    private final AtomicBoolean full = new AtomicBoolean(); // whether somebody is to be told that there is room again
    private final ChatListener listener;
    private final int bound;
    private final Runnable drained;
    private final Thread thread;

    /**
     * Starts the thread.
     *
     * @param bound in bytes
     * @param drained is called after {@link #hasRoom} was false, once it is true
     */
    Delivery(String name, ChatListener listener, int bound, Runnable drained) {
        this.listener = listener;
        this.bound = bound;
        this.drained = drained;
        this.thread = Thread.ofVirtual().name("chat-listener " + name).start(this::run);
    }

    private void run() {
        try {
            for (Parcel parcel = parcels.take(); parcel != LAST; parcel = parcels.take()) {
                deliver(parcel);
            }
        } catch (InterruptedException e) {
            LOG.log(Level.ERROR, "the listener has interrupted its own thread: it is called no more", e);
        }
    }

    private void deliver(Parcel parcel) {
        try {
            parcel.call.accept(listener);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "the listener failed", e);
        }
        if (waiting.addAndGet(-parcel.bytes) < bound && full.compareAndSet(true, false)) {
            drained.run();
        }
    }

    /** Has the listener called after all that waits. Never blocks. */
    void put(int bytes, Consumer<ChatListener> call) {
        int size = OVERHEAD_BYTES + bytes;
        waiting.addAndGet(size);
        parcels.add(new Parcel(size, call));
    }

    /** Whether more may be read. If not, there will be a call once that has changed. */
    boolean hasRoom() {
        if (waiting.get() < bound) {
            return true;
        }
        full.set(true);
        return waiting.get() < bound && full.compareAndSet(true, false); // it may have caught up just now
    }

    /** Ends the thread, when it has made all calls that wait. */
    void end() {
        parcels.add(LAST);
    }

    /** Waits for that, unless the listener itself asks. */
    void awaitEnd(Duration patience) throws InterruptedException {
        if (Thread.currentThread() != thread) {
            thread.join(patience);
        }
    }
}

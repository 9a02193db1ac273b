package io.seleucia.chat.connection;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.transport.WriteBatch;
import java.lang.System.Logger;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes the frames of many connections in one virtual thread, without blocking: a message to a thousand members then wakes
 * one thread, and not a thousand. A connection whose peer does not keep up is left to its own outbound loop.
 *
 * <p>The list is a stack that is taken whole and reversed. A connection is in it at most once. It is taken out before it is
 * flushed, so that a frame that is offered during the flush, and is not seen by it, adds the connection again. Each flush
 * writes one batch at most; a connection with more goes to the end of the list. So no connection, and no fan-out, delays the
 * others for long. No code of plug-ins runs here.
 */
public final class Flusher implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Flusher.class.getName());
    private static final int SLICE = 64; // flushes until others get the processor
    private static final int SLICES = 16; // until those get it that threads of the platform have woken
    private static final long PAUSE_NANOS = 1_000;

    /** A connection as a flusher sees it, with its place in the list. */
    abstract static class Flushable {
        private static final AtomicIntegerFieldUpdater<Flushable> LISTED =
                AtomicIntegerFieldUpdater.newUpdater(Flushable.class, "listed");

        private volatile int listed; // 1 while it is in the list
        private Flushable next;

        /**
         * Writes one batch without blocking. Never throws.
         *
         * @return whether more waits that can be written
         */
        abstract boolean flush(WriteBatch batch);

        /** Leaves what waits to the connection's own loop. */
        abstract void leave();
    }

    private static final class Mark extends Flushable {
        @Override
        boolean flush(WriteBatch batch) {
            return false;
        }

        @Override
        void leave() {}
    }

    private static final Flushable PARKED = new Mark(); // the list of a thread that must be woken
    private static final VarHandle LIST;

    static {
        try {
            LIST = MethodHandles.lookup().findVarHandle(Flusher.class, "list", Flushable.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile Flushable list; // the newest first
    private volatile boolean closed;
    private int flushes; // since the last pause; used by the thread only
    private Flushable taken; // the oldest first; used by the thread only, and kept if a step fails
    private final WriteBatch batch = new WriteBatch();
    private final Thread thread;

    /** Starts the thread. */
    @SuppressWarnings("this-escape")
    public Flusher() {
        thread = Thread.ofVirtual().name("flusher").unstarted(this::run);
        thread.start();
    }

    /** Adds a connection, unless it is in the list. Returns false if the flusher is closed. Any thread; does not block. */
    boolean add(Flushable one) {
        if (closed) {
            return false;
        }
        if (!Flushable.LISTED.compareAndSet(one, 0, 1)) {
            return true;
        }
        Flushable before;
        do {
            before = list;
            one.next = before == PARKED ? null : before;
        } while (!LIST.compareAndSet(this, before, one));
        if (before == PARKED) {
            LockSupport.unpark(thread);
        }
        return true;
    }

    private void run() {
        Loop.run(LOG, "the flusher", () -> !closed || taken != null || hasNew(), this::round);
    }

    private boolean hasNew() {
        return list != null && list != PARKED;
    }

    private void round() {
        if (taken == null) {
            take();
        }
        while (taken != null) {
            Flushable one = taken;
            taken = one.next;
            one.next = null;
            one.listed = 0;
            if (one.flush(batch) && !add(one)) {
                one.leave();
            }
            giveWay();
        }
    }

    private void giveWay() {
        flushes = (flushes + 1) % (SLICE * SLICES);
        if (flushes == 0) {
            LockSupport.parkNanos(this, PAUSE_NANOS);
        } else if (flushes % SLICE == 0) {
            Thread.yield();
        }
    }

    private void take() {
        if (!hasNew()) {
            batch.clear();
            if (LIST.compareAndSet(this, (Flushable) null, PARKED) || list == PARKED) {
                while (list == PARKED && !closed) {
                    LockSupport.park(this);
                    Thread.interrupted(); // it would keep the thread from parking
                }
            }
        }
        Flushable newest = (Flushable) LIST.getAndSet(this, (Flushable) null);
        for (Flushable one = newest == PARKED ? null : newest; one != null; ) {
            Flushable older = one.next;
            one.next = taken;
            taken = one;
            one = older;
        }
    }

    /**
     * Ends the thread, after it has flushed what was added. Connections are then written to by their own loops. Called when all
     * are about to end, which wakes their loops: what is added at this moment may not be flushed.
     */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}

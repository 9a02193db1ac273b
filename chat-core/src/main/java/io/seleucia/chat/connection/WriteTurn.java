package io.seleucia.chat.connection;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/** The turn of writing to a connection. The outbound loop waits for it; others take it only if it is free. */
final class WriteTurn {
    private static final int FREE = 0;
    private static final int TAKEN = 1;
    private static final int AWAITED = 2; // taken, and a thread waits
    private static final AtomicIntegerFieldUpdater<WriteTurn> STATE =
            AtomicIntegerFieldUpdater.newUpdater(WriteTurn.class, "state");

    private volatile int state;
    private volatile Thread waiter; // the last thread that waited

    /** Takes the turn if it is free. Does not block. */
    boolean tryTake() {
        return STATE.compareAndSet(this, FREE, TAKEN);
    }

    /** Blocks until the turn can be taken, and takes it. Called by one thread at a time. */
    void take() {
        while (!tryTake()) {
            waiter = Thread.currentThread();
            if (STATE.compareAndSet(this, TAKEN, AWAITED)) {
                while (state == AWAITED) {
                    LockSupport.park(this);
                }
            }
        }
    }

    /** Gives the turn back, and wakes the thread that waits for it. */
    void giveBack() {
        if (STATE.getAndSet(this, FREE) == AWAITED) {
            LockSupport.unpark(waiter);
        }
    }
}

package io.seleucia.chat.connection;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/** The turn of writing to a connection. The outbound loop waits for it; the inbound loop takes it only if it is free. */
final class WriteTurn {
    private static final int FREE = 0;
    private static final int TAKEN = 1;
    private static final int AWAITED = 2; // taken by the inbound loop, and the outbound loop waits
    private static final AtomicIntegerFieldUpdater<WriteTurn> STATE =
            AtomicIntegerFieldUpdater.newUpdater(WriteTurn.class, "state");

    private volatile int state;

    /** Takes the turn if it is free. Does not block. */
    boolean tryTake() {
        return STATE.compareAndSet(this, FREE, TAKEN);
    }

    /** Blocks until the turn can be taken, and takes it. Called by the outbound loop. */
    void take() {
        while (!tryTake()) {
            if (STATE.compareAndSet(this, TAKEN, AWAITED)) {
                while (state == AWAITED) {
                    LockSupport.park(this);
                }
            }
        }
    }

    /** Gives the turn back, and wakes the thread of the outbound loop if it waits. */
    void giveBack(Thread outbound) {
        if (STATE.getAndSet(this, FREE) == AWAITED) {
            LockSupport.unpark(outbound);
        }
    }
}

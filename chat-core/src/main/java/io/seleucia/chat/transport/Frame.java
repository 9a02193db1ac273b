package io.seleucia.chat.transport;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * Bytes as they go over the wire, framed and ready. One frame may stand in the queues of thousands of connections at
 * once, so its bytes never change.
 *
 * <p>Its memory is charged once, to the part of its first holder, until the last holder releases it.
 */
public final class Frame {
    private static final int OVERHEAD = 40; // this object and the head of its array
    private static final int PART_SHIFT = 24;
    private static final int HOLDERS = (1 << PART_SHIFT) - 1;
    private static final Part[] PARTS = Part.values();
    private static final AtomicIntegerFieldUpdater<Frame> HELD =
            AtomicIntegerFieldUpdater.newUpdater(Frame.class, "held");

    private final byte[] bytes;
    private final boolean control;
    private volatile int held; // the number of holders, and above it the part that is charged; 0 without holders

    /**
     * Takes the array without copying it.
     *
     * @param control whether the frame concerns the connection and may overtake data, as pings and pongs do
     */
    Frame(byte[] bytes, boolean control) {
        this.bytes = bytes;
        this.control = control;
    }

    byte[] bytes() {
        return bytes;
    }

    /** Returns the number of bytes on the wire. */
    public int length() {
        return bytes.length;
    }

    /** Returns whether the frame may overtake waiting data. */
    public boolean control() {
        return control;
    }

    /** Returns the memory that the frame takes, in bytes. */
    public int memory() {
        return OVERHEAD + bytes.length;
    }

    /** Adds a holder. The first one charges the memory to its part. All holders of a frame must use the same budget. */
    public void hold(MemoryBudget budget, Part part) {
        int first = part.ordinal() << PART_SHIFT | 1;
        if (HELD.getAndAccumulate(this, first, (before, other) -> before == 0 ? other : before + 1) == 0) {
            budget.charge(part, memory());
        }
    }

    /** Removes a holder. The last one releases the memory. */
    public void release(MemoryBudget budget) {
        int before = HELD.getAndUpdate(this, held -> (held & HOLDERS) == 1 ? 0 : held - 1);
        if ((before & HOLDERS) == 1) {
            budget.charge(PARTS[before >>> PART_SHIFT], -memory());
        }
    }

    /** Returns this frame and another one as one, which nothing can come between. */
    public Frame followedBy(Frame other) {
        byte[] both = Arrays.copyOf(bytes, bytes.length + other.bytes.length);
        System.arraycopy(other.bytes, 0, both, bytes.length, other.bytes.length);
        return new Frame(both, other.control);
    }
}

package io.seleucia.chat.transport;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.CloseCode;

/**
 * Charges the memory of the message that a connection is reading or handling, beyond the first few kilobytes, which are
 * part of the connection's own charge. Used by the inbound loop; any thread may call {@link #bytes}.
 */
final class IncomingMemory {
    private static final int FREE_BYTES = 4 * 1024;

    private final MemoryBudget budget;
    private long bytes; // charged
    private long extra; // charged too, until the message is complete

    IncomingMemory(MemoryBudget budget) {
        this.budget = budget;
    }

    /**
     * Charges the size that a message has reached.
     *
     * @throws ConnectionClosedException if there is no memory for large messages; nothing more is charged then
     */
    void grow(long size) throws ConnectionClosedException {
        if (!fits(size)) {
            throw new ConnectionClosedException(CloseCode.TRY_LATER, "there is no memory for the message");
        }
    }

    /** Charges the size that a message has reached. Returns false, and charges nothing, if there is no memory for it. */
    boolean fits(long size) {
        if (size > FREE_BYTES && size > bytes) {
            if (!budget.hasRoom()) {
                return false;
            }
            budget.charge(Part.INCOMING, size - bytes);
            bytes = size;
        }
        return true;
    }

    /** Charges memory beside the message, however little is left; 0 releases it. */
    void chargeExtra(long size) {
        if (size != extra) {
            budget.charge(Part.INCOMING, size - extra);
            extra = size;
        }
    }

    /** Releases all, when the message has been handled or its connection has ended. */
    void release() {
        if (bytes() != 0) {
            budget.charge(Part.INCOMING, -bytes());
            bytes = 0;
            extra = 0;
        }
    }

    /** Returns the charged bytes, roughly. Any thread. */
    long bytes() {
        return bytes + extra;
    }
}

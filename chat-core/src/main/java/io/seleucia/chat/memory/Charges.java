package io.seleucia.chat.memory;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The bytes charged to each part, counted in stripes, so that threads that charge at the same time do not wait for each
 * other's cache lines. The parts are exact. The total, which is read for every message, lags behind them by less than a
 * hundredth of the limit. Any thread; does not block.
 */
final class Charges {
    private static final int LINE = 16; // longs: two cache lines, which processors fetch together
    private static final int PENDING = LINE - 1; // within a stripe, behind the parts: what the total does not know yet
    private static final int MAX_STRIPES = 64;
    private static final long LARGEST_PENDING = 16 * 1024;

    private final AtomicLongArray cells;
    private final int mask;
    private final long maxPending;
    private final AtomicLong total = new AtomicLong();

    Charges(long limit) {
        int stripes =
                Math.min(MAX_STRIPES, Integer.highestOneBit(Runtime.getRuntime().availableProcessors()) * 4);
        this.cells = new AtomicLongArray((stripes + 1) * LINE); // the first line keeps away from the array's header
        this.mask = stripes - 1;
        this.maxPending = Math.min(LARGEST_PENDING, limit / (100L * stripes));
    }

    /** Adds bytes to a part, or takes them away. Returns the new total if it has grown, or 0. */
    long add(int part, long bytes) {
        int stripe = (((int) Thread.currentThread().threadId() & mask) + 1) * LINE;
        cells.getAndAdd(stripe + part, bytes);
        long pending = cells.addAndGet(stripe + PENDING, bytes);
        if (Math.abs(pending) <= maxPending) {
            return 0;
        }
        long moved = cells.getAndSet(stripe + PENDING, 0);
        long now = total.addAndGet(moved);
        return moved > 0 ? now : 0;
    }

    /** Returns about how many bytes are charged to all parts. */
    long total() {
        return total.get();
    }

    /** Returns the bytes that are charged to a part. */
    long of(int part) {
        long sum = 0;
        for (int stripe = LINE; stripe < cells.length(); stripe += LINE) {
            sum += cells.get(stripe + part);
        }
        return sum;
    }
}

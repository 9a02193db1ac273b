package io.seleucia.chat.transport;

import java.util.concurrent.atomic.AtomicReferenceArray;

/** Arrays of one size that connections borrow for as long as they read or write. Keeps a few unused ones. Any thread. */
final class BufferPool {
    private static final int KEPT = 32;

    private final int size;
    private final AtomicReferenceArray<byte[]> unused = new AtomicReferenceArray<>(KEPT);

    BufferPool(int size) {
        this.size = size;
    }

    /** Returns an array, with any content, which is the caller's until it is given back. Its user charges it. */
    byte[] borrow() {
        for (int i = 0; i < KEPT; i++) {
            if (unused.getPlain(i) != null) {
                byte[] buffer = unused.getAndSet(i, null);
                if (buffer != null) {
                    return buffer;
                }
            }
        }
        return new byte[size];
    }

    /** Takes an array back, and drops it if there are enough. */
    void giveBack(byte[] buffer) {
        for (int i = 0; i < KEPT; i++) {
            if (unused.getPlain(i) == null && unused.compareAndSet(i, null, buffer)) {
                return;
            }
        }
    }
}

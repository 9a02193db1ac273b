package io.seleucia.chat.transport;

import java.nio.ByteBuffer;
import java.util.function.IntFunction;

/**
 * The frames that one thread writes next to one connection after the other. It has memory outside of the heap, from which the
 * kernel reads directly, and a frame that goes to many connections is copied there once. Used by one thread.
 */
public final class WriteBatch {
    /** The bytes that fit. */
    static final int SIZE = 64 * 1024;

    private static final byte[] NONE = {};

    private final ByteBuffer bytes = ByteBuffer.allocateDirect(SIZE);
    private Frame only; // the only frame, which is in the memory; or null

    /** Forgets the frame that was written last, so that it can be collected. */
    public void clear() {
        only = null;
    }

    /** Takes a frame that fits, and those that the function gives for the room that is left. */
    void fill(Frame first, IntFunction<Frame> waiting) {
        Frame second = waiting.apply(SIZE - first.length());
        if (second == null && first == only) {
            bytes.position(0).limit(first.length());
            return;
        }
        only = null; // also if the function throws
        bytes.clear().put(first.bytes());
        for (Frame next = second; next != null; next = waiting.apply(bytes.remaining())) {
            bytes.put(next.bytes());
        }
        bytes.flip();
        only = second == null ? first : null;
    }

    /** Returns the bytes that are to be written. */
    ByteBuffer bytes() {
        return bytes;
    }

    /** Returns the bytes of the only frame, or an empty array if there are several frames. */
    byte[] single() {
        return only == null ? NONE : only.bytes();
    }
}

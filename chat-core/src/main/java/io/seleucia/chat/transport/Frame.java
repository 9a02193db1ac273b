package io.seleucia.chat.transport;

import java.util.Arrays;

/**
 * Bytes as they go over the wire, framed and ready. One frame may stand in the queues of thousands of connections at
 * once, so nobody changes its bytes.
 */
public final class Frame {
    private final byte[] bytes;
    private final boolean control;

    /**
     * Takes the array as it is.
     *
     * @param control whether the frame speaks of the connection and may overtake data: a ping, a pong
     */
    Frame(byte[] bytes, boolean control) {
        this.bytes = bytes;
        this.control = control;
    }

    byte[] bytes() {
        return bytes;
    }

    /** The number of bytes on the wire. */
    public int length() {
        return bytes.length;
    }

    /** Whether it may overtake data that waits. */
    public boolean control() {
        return control;
    }

    /** Both as one, which nothing can come between. */
    public Frame followedBy(Frame other) {
        byte[] both = Arrays.copyOf(bytes, bytes.length + other.bytes.length);
        System.arraycopy(other.bytes, 0, both, bytes.length, other.bytes.length);
        return new Frame(both, other.control);
    }
}

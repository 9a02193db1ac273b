package io.seleucia.chat.transport;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The bytes of a connection in both directions, below all framing. One thread reads, one writes at a time; any thread may
 * close, and a blocked read or write then throws.
 */
interface Link {
    /** The kernel's own choice can be 4 MB: a slow peer then answers a ping behind that after the deadline. */
    int SEND_BUFFER = 256 * 1024;

    /** Performs the handshake of the link, if it has one, before anything else. Blocks until it is done. */
    default void secure() throws IOException {}

    /** Returns whether the bytes are encrypted. */
    default boolean isSecure() {
        return false;
    }

    /**
     * Blocks until there is something to read, or the end of the stream. The thread of an idle connection waits here, with a
     * small stack and no buffer.
     */
    void await() throws IOException;

    /** Reads what has come, at most {@code length} bytes; 0 if nothing has, and -1 at the end. After {@link #await} only. */
    int read(byte[] target, int offset, int length) throws IOException;

    /** Blocks until at least one byte is written, and returns how many are. */
    int write(byte[] bytes, int offset, int length) throws IOException;

    /** Returns whether {@link #tryWrite} works. */
    default boolean writesUnblocked() {
        return false;
    }

    /** Writes what the kernel takes, without blocking. */
    default void tryWrite(ByteBuffer bytes) throws IOException {
        throw new UnsupportedOperationException("a write may block");
    }

    /** Ends the output: the peer sees the end of the stream. May block. */
    void shutdownOutput() throws IOException;

    /** Closes both directions at once. Does not block. */
    void close() throws IOException;

    /** Returns the peer's address and port. */
    String peer();
}

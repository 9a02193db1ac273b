package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * A connection that carries messages. One thread reads, one writes at a time; any thread may call {@link #abort} and read
 * the clocks, which are times of {@link System#nanoTime}. No method has a deadline of its own: the watchdog aborts a
 * connection that takes too long, and the blocked method then throws.
 */
public interface Connection {
    /**
     * Blocks until bytes come. The thread of an idle connection waits here, with a small stack: {@link #read} needs more.
     *
     * @throws IOException if the connection broke or the peer sends no more
     */
    void await() throws IOException;

    /**
     * Sets what the reading thread does before it blocks for bytes, also in the midst of a frame. Called by that thread, before
     * it reads.
     */
    void beforeWaiting(Runnable action);

    /**
     * Reads a frame, and returns the message if the frame completes one.
     *
     * @param answers takes the transport's own answers, such as pongs
     * @throws ConnectionClosedException if the peer closed in an orderly way or broke the transport's rules
     * @throws IOException if the connection broke
     */
    Optional<Payload> read(Consumer<Frame> answers) throws IOException;

    /** Returns whether bytes have come that are not read yet. For the thread that reads. */
    boolean hasUnread();

    /**
     * Writes a frame and all that wait behind it, in few system calls. Blocks while the peer does not read.
     *
     * @param waiting returns the next frame that waits, or null
     */
    void write(Frame first, Supplier<Frame> waiting) throws IOException;

    /** Returns whether {@link #tryWrite} works: writes can be done without blocking, and cost no more than that. */
    default boolean writesUnblocked() {
        return false;
    }

    /**
     * Writes a frame and those that wait behind it, as many as fit into a batch, without blocking. Called by the thread whose
     * turn it is to write, which may be one for many connections.
     *
     * @param waiting returns the next frame if it is no longer than its parameter, else null
     * @return whether all are written; if not, the next {@link #write} or {@link #writeRest} writes the rest first
     */
    default boolean tryWrite(Frame first, IntFunction<Frame> waiting, WriteBatch batch) throws IOException {
        throw new UnsupportedOperationException("a write may block");
    }

    /** Writes the rest of what {@link #tryWrite} could not. Blocks while the peer does not read. */
    default void writeRest() throws IOException {}

    /** Returns the framing of messages to this peer. */
    Framing framing();

    /** Returns a frame that makes a live peer answer. */
    Frame ping();

    /** Returns the last frame of the connection, empty if the transport has none. */
    Frame closeFrame(CloseCode code);

    /** Returns whether the last frame tells the peer the reason, and is answered. */
    default boolean sendsCloseReason() {
        return true;
    }

    /** Returns a keepalive frame if nothing has been sent for the keepalive interval. Called by the watchdog. */
    default Optional<Frame> keepalive(long now) {
        return Optional.empty();
    }

    /** Ends the stream, if the last frame is empty. Called by the writing thread after that frame. */
    default void endOutput() throws IOException {}

    /**
     * Shuts down the output, waits until the peer closes too, and closes. Called by the reading thread after the last
     * frame. Discards bytes that still arrive: closing with unread bytes could take the last frame from the peer (RFC
     * 1122 §4.2.2.13).
     */
    void finish();

    /** Closes at once; blocked reads and writes throw. Does not block. */
    void abort();

    /** Releases the memory of reading and writing, after both have ended. */
    void release();

    /** Returns when bytes last came from the peer. */
    long lastReadNanos();

    /** Returns when the frame that is being read began, or 0. */
    long readingSince();

    /** Returns when the message began that is coming in several frames, or 0. */
    default long messageSince() {
        return 0;
    }

    /** Returns roughly how many bytes are kept of the message that is being read or handled. For any thread. */
    default long incomingBytes() {
        return 0;
    }

    /** Returns when the current write last made progress, or 0. */
    long writingSince();

    /** Returns a short name for logs and threads, unique in this process: {@code ws-17}. */
    String name();

    /** Returns the peer's address and port, for logs. */
    String peer();
}

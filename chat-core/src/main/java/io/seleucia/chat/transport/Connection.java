package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.IOException;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * A connection that carries messages. One thread reads, one writes at a time; {@link #abort} and the clocks are for any thread.
 * No method has a deadline of its own: whoever watches the clocks aborts a connection that takes too long, and the
 * blocked method then throws.
 */
public interface Connection {
    /**
     * Waits until something comes. Here the thread of an idle connection spends its time, and what is on its stack is
     * memory of that connection: so there is little, and {@link #read}, which needs more, begins when there is work.
     *
     * @throws IOException if the connection broke or the peer sends no more
     */
    void await() throws IOException;

    /**
     * Reads what is coming, up to the end of a frame; the message that it completes, if it does. What the transport
     * itself must answer, such as a ping, goes to {@code answers}.
     *
     * @throws ConnectionClosedException if the peer closed in an orderly way or broke the transport's rules
     * @throws IOException if the connection broke
     */
    Optional<Payload> read(Consumer<Frame> answers) throws IOException;

    /** Whether more has come than was read so far. For the thread that reads. */
    boolean hasUnread();

    /**
     * Writes a frame and all that waits behind it, in as few system calls as it can. Blocks while the peer does not
     * read.
     */
    void write(Frame first, Queue<Frame> waiting) throws IOException;

    /** How messages to this peer are framed. */
    Framing framing();

    /** What asks a silent peer for a sign of life. */
    Frame ping();

    /** The last frame of a connection; empty where the end itself is all there is to say. */
    Frame closeFrame(CloseCode code);

    /** Whether the last frame tells the peer why, and is answered. If not, only the log can tell. */
    default boolean tellsWhy() {
        return true;
    }

    /** What is to be sent now because nothing else was sent for so long, if anything. Asked by the watchdog. */
    default Optional<Frame> keepalive(long now) {
        return Optional.empty();
    }

    /** Called by the writing thread after the last frame: where that frame says nothing, the stream ends here. */
    default void endOutput() throws IOException {}

    /**
     * The quiet end, by the reading thread when the last frame was written: tells the peer that nothing more comes,
     * waits until it closes too, and closes. Bytes that still arrive are thrown away, for closing over unread bytes
     * would take the last frame from the peer (RFC 1122 §4.2.2.13).
     */
    void finish();

    /** Closes at once; blocked reads and writes throw. Does not block. */
    void abort();

    /** Gives back what reading and writing held, when both have ended. */
    void release();

    /** When bytes last came from the peer, as {@link System#nanoTime}. */
    long heardAt();

    /** Since when a begun frame is incomplete, as {@link System#nanoTime}, or 0 while none is. */
    long readingSince();

    /**
     * Returns since when a message that comes in several frames is incomplete, as {@link System#nanoTime}, or 0 while none
     * is: each frame may be in time and the message never end.
     */
    default long messageSince() {
        return 0;
    }

    /** Since when a write has made no progress, as {@link System#nanoTime}, or 0 while nothing is being written. */
    long writingSince();

    /** A short name for logs and threads, unique in this process: {@code ws-17}. */
    String name();

    /** The peer's address and port, for logs. */
    String peer();
}

package io.seleucia.chat.accept;

import io.seleucia.chat.connection.ServedConnection;
import java.util.Set;
import java.util.stream.Stream;

/** A source of connections: a port, or this process. Any thread. */
public interface Connector {
    /** Returns the connections at this moment, without those whose handshake is not done. */
    Stream<ServedConnection> connections();

    /** Stops accepting, and tells all clients that the server restarts. Does not block. */
    void stop();

    /**
     * Blocks until all clients have received their queued messages, and cuts off those that have not by the deadline. Called
     * after {@link #stop}.
     *
     * @param deadline a value of {@link System#nanoTime}
     * @param closing the threads that are closing the server; may change meanwhile. A connection whose inbound loop runs in
     *     one of them ends later, and is neither awaited nor cut off
     */
    void drain(long deadline, Set<Thread> closing);
}

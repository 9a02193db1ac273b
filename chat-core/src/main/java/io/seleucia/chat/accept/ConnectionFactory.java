package io.seleucia.chat.accept;

import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.transport.Patience;
import io.seleucia.chat.transport.Wire;
import java.io.IOException;
import java.util.Optional;

/**
 * The handshake of the connections of one port, and requests that want none. Runs in the thread of each connection and may
 * block: the watchdog aborts the wire at the deadline.
 */
public interface ConnectionFactory {
    /**
     * Performs the handshake of the transport, if it has one. The TLS handshake is done before.
     *
     * @param client the client that the connection counts for
     * @param patience the deadline, which begins again with each request
     * @return the connection to run; empty if the peer did not ask for one and has its answers, such as pages
     * @throws IOException if the handshake fails
     */
    Optional<ServedConnection> enter(Wire wire, CountedClient client, Patience patience) throws IOException;

    /**
     * Tells a connection without TLS that it is refused, if its protocol has a way to.
     *
     * @param status the HTTP status
     */
    void refuse(Wire wire, int status, String why) throws IOException;
}

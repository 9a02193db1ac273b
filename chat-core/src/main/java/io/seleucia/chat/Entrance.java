package io.seleucia.chat;

import io.seleucia.chat.session.Loops;
import io.seleucia.chat.transport.Wire;
import java.io.IOException;
import java.util.Optional;

/**
 * How the connections of one port become sessions. Each is served in its own thread, which may block: who watches over
 * the deadline aborts the wire.
 */
interface Entrance {
    /**
     * Performs the transport's handshake, if it has one. That of TLS is done.
     *
     * @return what is to run, and knows what is to be served; empty if the peer wanted no session, and has all that it wanted
     * @throws IOException if there is to be no session
     */
    Optional<Loops> enter(Wire wire) throws IOException;

    /** Tells a connection without TLS that it is one too many, if there are words for it. */
    void refuse(Wire wire) throws IOException;
}

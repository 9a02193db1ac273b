package io.seleucia.chat;

import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.session.Bounds;
import io.seleucia.chat.session.Channels;
import io.seleucia.chat.session.Counters;
import io.seleucia.chat.session.Logins;
import io.seleucia.chat.session.Loops;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.transport.Tcp;
import io.seleucia.chat.transport.Wire;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Lets TCP connections in, all with one protocol, without a handshake.
 *
 * @param keepalive how long nothing may be sent to a connection
 */
record TcpEntrance(
        Protocol protocol, Logins logins, Channels channels, Bounds bounds, Counters counters, Duration keepalive)
        implements Entrance {
    @Override
    public Optional<Loops> enter(Wire wire) throws IOException {
        Loops loops = new Loops(new Tcp(wire, bounds.messageBytes(), keepalive), bounds, counters);
        return Optional.of(
                loops.serve(new Session(loops, protocol, Map.of(), Optional.empty(), logins, channels, bounds)));
    }

    /** It finds itself closed, which is all that the protocol can say. */
    @Override
    public void refuse(Wire wire) {}
}

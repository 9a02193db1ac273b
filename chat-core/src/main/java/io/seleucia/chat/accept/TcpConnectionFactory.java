package io.seleucia.chat.accept;

import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.session.SessionContext;
import io.seleucia.chat.transport.HandshakeException;
import io.seleucia.chat.transport.Patience;
import io.seleucia.chat.transport.TcpConnection;
import io.seleucia.chat.transport.Wire;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Accepts TCP connections, all with one protocol, without a handshake.
 *
 * @param keepalive the longest time in which nothing is sent to a connection
 */
public record TcpConnectionFactory(Protocol protocol, SessionContext context, Duration keepalive)
        implements ConnectionFactory {
    @Override
    public Optional<ServedConnection> enter(Wire wire, CountedClient client, Patience patience)
            throws HandshakeException {
        if (client.isProxy()) {
            client.count(Optional.empty()); // it has named no client, and no more is said later
        }
        int messageBytes = context.connections().limits().messageBytes();
        ServedConnection served =
                new ServedConnection(new TcpConnection(wire, messageBytes, keepalive), context.connections());
        return Optional.of(served.serve(new Session(served, protocol, Map.of(), Optional.empty(), context)));
    }

    /** Sends nothing, because the protocol has no answer for it. The peer finds the connection closed. */
    @Override
    public void refuse(Wire wire, int status, String why) {}
}

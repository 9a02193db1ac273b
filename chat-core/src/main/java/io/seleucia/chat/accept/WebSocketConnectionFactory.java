package io.seleucia.chat.accept;

import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.session.SessionContext;
import io.seleucia.chat.transport.Handshake;
import io.seleucia.chat.transport.StaticPages;
import io.seleucia.chat.transport.WebSocketConnection;
import io.seleucia.chat.transport.Wire;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Accepts WebSockets, each with the protocol that its handshake chooses, or for the endpoint of its path. Sends static pages
 * to clients that ask for no WebSocket.
 *
 * @param protocols the most preferred first; the last is spoken with clients that choose none
 * @param routes the paths at which no protocol is spoken
 * @param ignoresAuthorization whether the field {@code Authorization} of a handshake is not a login
 * @param loginLimit the longest time of a login in a handshake
 */
public record WebSocketConnectionFactory(
        Handshake handshake,
        StaticPages pages,
        List<Protocol> protocols,
        WebSocketRoutes routes,
        boolean ignoresAuthorization,
        Duration loginLimit,
        SessionContext context)
        implements ConnectionFactory {
    @Override
    public Optional<ServedConnection> enter(Wire wire) throws IOException {
        HandshakeAuthenticator authenticator = new HandshakeAuthenticator(
                context.logins(),
                ignoresAuthorization,
                wire.peer(),
                loginLimit,
                path -> routes.at(path).isPresent());
        return handshake
                .accept(wire, pages, this::subprotocols, authenticator)
                .map(agreed -> entered(wire, agreed, authenticator));
    }

    private ServedConnection entered(Wire wire, Handshake.Agreed agreed, HandshakeAuthenticator authenticator) {
        ServedConnection served = new ServedConnection(
                new WebSocketConnection(
                        wire, agreed, context.connections().limits().messageBytes()),
                context.connections());
        return served.serve(routes.at(agreed.path())
                .map(endpoint -> endpoint.serve(served, agreed.path(), authenticator.login()))
                .orElseGet(() -> new Session(
                        served,
                        protocolFor(agreed.subprotocol()),
                        authenticator.withoutSecret(agreed.parameters()),
                        authenticator.login(),
                        context)));
    }

    @Override
    public void refuse(Wire wire, int status, String why) throws IOException {
        Handshake.refuse(wire, status, why);
    }

    private List<String> subprotocols(String path) {
        List<String> names = new ArrayList<>(protocols.size());
        if (routes.at(path).isEmpty()) {
            protocols.forEach(protocol -> names.add(protocol.name()));
        }
        return names;
    }

    private Protocol protocolFor(Optional<String> subprotocol) {
        for (Protocol protocol : protocols) {
            if (subprotocol.isPresent() && protocol.name().equals(subprotocol.get())) {
                return protocol;
            }
        }
        return protocols.getLast();
    }
}

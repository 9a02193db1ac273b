package io.seleucia.chat.accept;

import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.session.SessionContext;
import io.seleucia.chat.transport.BasePath;
import io.seleucia.chat.transport.Handshake;
import io.seleucia.chat.transport.HandshakeException;
import io.seleucia.chat.transport.HttpRequest;
import io.seleucia.chat.transport.HttpRequests;
import io.seleucia.chat.transport.HttpResponse;
import io.seleucia.chat.transport.Patience;
import io.seleucia.chat.transport.StaticPages;
import io.seleucia.chat.transport.WebSocketConnection;
import io.seleucia.chat.transport.Wire;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Accepts WebSockets, each with the protocol that its handshake chooses, or for the endpoint of its path. Answers all other
 * requests that come to their port: for static pages, and for sessions over HTTP.
 *
 * @param base the path below which all others are
 * @param fallback sessions over HTTP, if there are any
 * @param protocols the most preferred first; the last is spoken with clients that choose none
 * @param routes the paths at which no protocol is spoken
 * @param ignoresAuthorization whether the field {@code Authorization} of a handshake is not a login
 * @param handshakeLimit the longest time of a handshake
 */
public record WebSocketConnectionFactory(
        Handshake handshake,
        StaticPages pages,
        BasePath base,
        Optional<HttpFallback> fallback,
        List<Protocol> protocols,
        WebSocketRoutes routes,
        boolean ignoresAuthorization,
        Duration handshakeLimit,
        SessionContext context)
        implements ConnectionFactory {
    @Override
    public Optional<ServedConnection> enter(Wire wire, CountedClient client, Patience patience) throws IOException {
        HttpRequests requests = new HttpRequests(wire, patience, handshakeLimit);
        try {
            Optional<ServedConnection> served = Optional.empty();
            for (Optional<HttpRequest> request = requests.next();
                    request.isPresent() && served.isEmpty();
                    request = served.isEmpty() ? requests.next() : request) {
                served = answer(request.get(), client);
                if (served.isEmpty() && client.isProxy()) {
                    client.rest(); // the next request may be another client's
                }
            }
            return served;
        } finally {
            requests.release();
        }
    }

    /** Answers a request. Returns the connection to run, if there is one now. */
    private Optional<ServedConnection> answer(HttpRequest request, CountedClient client) throws IOException {
        try {
            boolean isBare = request.remove(base);
            if (client.isProxy()) {
                client.count(request.believe(client.trusted()));
                client.nameOn(request.wire());
            }
            handshake.checkHost(request);
            HandshakeAuthenticator authenticator = new HandshakeAuthenticator(
                    context.logins(),
                    ignoresAuthorization,
                    request.wire().peer(),
                    handshakeLimit.multipliedBy(3).dividedBy(4), // the answer to a login must be out in time
                    path -> routes.at(path).isPresent() || !request.isUpgrade() && HttpFallback.needsLogin(path));
            if (fallback.isPresent() && HttpFallback.concerns(request)) {
                handshake.checkOrigin(request);
                return fallback.get().answer(request, authenticator);
            }
            if (!pages.isEmpty() && !request.isUpgrade()) {
                handshake.shareWithOrigin(request);
                request.answer(isBare ? toBase() : pages.answer(request));
                return Optional.empty();
            }
            Handshake.Agreed agreed = handshake.accept(request, this::subprotocols, authenticator);
            return Optional.of(entered(request.wire(), agreed, authenticator));
        } catch (HandshakeException e) {
            request.refuse(e);
            throw e;
        }
    }

    /** Returns the answer to a request for the base path without the slash at its end: another request, for that. */
    private HttpResponse toBase() {
        String last = base.prefix().substring(base.prefix().lastIndexOf('/') + 1);
        return HttpResponse.empty(307).with("Location", last + "/"); // as the browser sees it, before any proxy
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

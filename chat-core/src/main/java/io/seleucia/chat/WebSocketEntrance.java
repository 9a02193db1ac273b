package io.seleucia.chat;

import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.session.Bounds;
import io.seleucia.chat.session.Channels;
import io.seleucia.chat.session.Counters;
import io.seleucia.chat.session.Logins;
import io.seleucia.chat.session.Loops;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.transport.Handshake;
import io.seleucia.chat.transport.Pages;
import io.seleucia.chat.transport.WebSocket;
import io.seleucia.chat.transport.Wire;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Lets WebSockets in: with a protocol that their handshake chooses, or to the handler of their path. Gives pages to
 * those who want no WebSocket.
 *
 * @param handshake how connections are let in
 * @param protocols the most preferred first; the last is spoken with clients that choose none
 * @param handlers the paths at which no protocol is spoken
 * @param ignoresAuthorization whether a handshake's field {@code Authorization} is no login
 * @param loginLimit how long a login may take that comes with a handshake
 */
record WebSocketEntrance(
        Handshake handshake,
        Pages pages,
        List<Protocol> protocols,
        Handlers handlers,
        Logins logins,
        boolean ignoresAuthorization,
        Duration loginLimit,
        Channels channels,
        Bounds bounds,
        Counters counters)
        implements Entrance {
    @Override
    public Optional<Loops> enter(Wire wire) throws IOException {
        Doorkeeper door = new Doorkeeper(
                logins,
                ignoresAuthorization,
                wire.peer(),
                loginLimit,
                path -> handlers.at(path).isPresent());
        return handshake.accept(wire, pages, this::subprotocols, door).map(agreed -> entered(wire, agreed, door));
    }

    private Loops entered(Wire wire, Handshake.Agreed agreed, Doorkeeper door) {
        Loops loops = new Loops(new WebSocket(wire, agreed, bounds.messageBytes()), bounds, counters);
        return loops.serve(handlers.at(agreed.path())
                .map(handler -> RawWebSocket.receiver(loops, agreed.path(), door.login(), logins, handler))
                .orElseGet(() -> new Session(
                        loops,
                        protocolFor(agreed.subprotocol()),
                        door.withoutSecret(agreed.parameters()),
                        door.login(),
                        logins,
                        channels,
                        bounds)));
    }

    @Override
    public void refuse(Wire wire) throws IOException {
        Handshake.refuse(wire, 503, "too many connections, try again later");
    }

    private List<String> subprotocols(String path) {
        return handlers.at(path).isPresent()
                ? List.of()
                : protocols.stream().map(Protocol::name).toList();
    }

    private Protocol protocolFor(Optional<String> subprotocol) {
        return protocols.stream()
                .filter(protocol -> subprotocol.isPresent() && protocol.name().equals(subprotocol.get()))
                .findFirst()
                .orElse(protocols.getLast());
    }
}

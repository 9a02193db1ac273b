package io.seleucia.chat;

import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.session.Login;
import io.seleucia.chat.session.Logins;
import io.seleucia.chat.session.Loops;
import io.seleucia.chat.session.Order;
import io.seleucia.chat.transport.Frame;
import java.util.Objects;
import java.util.Optional;

/** One peer's WebSocket, as a {@link WebSocketHandler} sees it. All methods may be called by any thread. */
public final class RawWebSocket {
    private final Loops loops;
    private final String path;
    private final Optional<Login> login;

    private RawWebSocket(Loops loops, String path, Optional<Login> login) {
        this.loops = loops;
        this.path = path;
        this.login = login;
    }

    /** What has a connection's messages handled. */
    static Loops.Receiver receiver(
            Loops loops, String path, Optional<Login> login, Logins logins, WebSocketHandler handler) {
        RawWebSocket socket = new RawWebSocket(loops, path, login);
        return new Loops.Receiver() {
            @Override
            public void began() {
                handler.opened(socket);
            }

            @Override
            public void received(Payload message) {
                handler.message(socket, message);
            }

            @Override
            public void check() {
                if (login.filter(logins::isOver).isPresent()) {
                    loops.end(CloseCode.UNAUTHORIZED, true);
                }
            }

            @Override
            public void heed(Order order) {
                if (login.isPresent() && login.get().user().name().equals(order.name())) {
                    switch (order) {
                        case Order.Revoke revoke -> check();
                        case Order.Disconnect disconnect -> {
                            if (login.get().since() <= order.until()) {
                                loops.end(CloseCode.DISCONNECTED, true);
                            }
                        }
                    }
                }
            }

            @Override
            public void ended() {
                handler.closed(socket);
            }
        };
    }

    /** The path that the client asked for, without a query. */
    public String path() {
        return path;
    }

    /** Who is logged in; empty for a guest. */
    public Optional<User> user() {
        return login.map(Login::user);
    }

    /** The peer's address and port. */
    public String peer() {
        return loops.connection().peer();
    }

    /**
     * Sends a message in its turn, waiting while the peer does not read what was sent before. Meant for the thread that
     * calls the handler, so that a peer that does not read is not read from either. Does nothing once the connection has
     * ended.
     */
    public void send(Payload message) {
        Objects.requireNonNull(message, "message");
        loops.answer(frame(message));
    }

    /**
     * Sends a message in its turn, without ever waiting: a peer for which too much waits already is closed with 4000.
     * Meant for one message to many peers.
     */
    public void offer(Payload message) {
        Objects.requireNonNull(message, "message");
        loops.offer(frame(message));
    }

    /** Closes in an orderly way, after what waits has been sent. Does not wait. */
    public void close() {
        loops.end(CloseCode.NORMAL, false);
    }

    private Frame frame(Payload message) {
        return loops.connection().framing().frame(message);
    }
}

package io.seleucia.chat;

import io.seleucia.chat.auth.User;
import io.seleucia.chat.connection.ConnectionHandler;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.message.AdminCommand;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.session.Bans;
import io.seleucia.chat.session.Login;
import io.seleucia.chat.session.Logins;
import io.seleucia.chat.transport.Frame;
import java.util.Objects;
import java.util.Optional;

/** The WebSocket of one peer, for a {@link WebSocketHandler}. Any thread may call all methods. */
public final class RawWebSocket {
    private final ServedConnection served;
    private final String path;
    private final Optional<Login> login;

    private RawWebSocket(ServedConnection served, String path, Optional<Login> login) {
        this.served = served;
        this.path = path;
        this.login = login;
    }

    /** Returns a receiver that has a handler serve a connection. */
    static ConnectionHandler receiver(
            ServedConnection served, String path, Optional<Login> login, Logins logins, WebSocketHandler handler) {
        RawWebSocket socket = new RawWebSocket(served, path, login);
        return new ConnectionHandler() {
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
                    served.end(CloseCode.UNAUTHORIZED, true);
                }
                endIfBanned();
            }

            private void endIfBanned() {
                Bans bans = logins.bans();
                if (bans.ofPeer(served.connection().peer()).isPresent()
                        || login.flatMap(held -> bans.ofAccount(held.user().name()))
                                .isPresent()) {
                    served.end(CloseCode.DISCONNECTED, true);
                }
            }

            @Override
            public void apply(AdminCommand command) {
                switch (command) {
                    case AdminCommand.Revoke revoke -> {
                        if (isCalled(revoke.name())) {
                            check();
                        }
                    }
                    case AdminCommand.Disconnect disconnect -> {
                        if (isCalled(disconnect.name()) && login.orElseThrow().since() <= disconnect.until()) {
                            served.end(CloseCode.DISCONNECTED, true);
                        }
                    }
                    case AdminCommand.BansChanged changed -> endIfBanned();
                }
            }

            private boolean isCalled(String name) {
                return login.filter(held -> held.user().name().equals(name)).isPresent();
            }

            @Override
            public void ended() {
                handler.closed(socket);
            }
        };
    }

    /** {@return the path of the request, without the query} */
    public String path() {
        return path;
    }

    /** {@return the user that is logged in; empty for a guest} */
    public Optional<User> user() {
        return login.map(Login::user);
    }

    /** {@return the address and port of the peer} */
    public String peer() {
        return served.connection().peer();
    }

    /**
     * Sends a message after the ones before it. Blocks while the peer does not read those. Meant for the thread that calls
     * the handler, so that nothing is read from a peer that does not read. Has no effect once the connection has ended.
     *
     * @param message the message
     */
    public void send(Payload message) {
        Objects.requireNonNull(message, "message");
        served.answer(frame(message));
    }

    /**
     * Sends a message after the ones before it. Does not block: a peer whose queue is full is closed with 4000. Meant for one
     * message to many peers.
     *
     * @param message the message
     */
    public void offer(Payload message) {
        Objects.requireNonNull(message, "message");
        served.offer(frame(message));
    }

    /** Closes the connection with 1000 after the queued messages have been sent. Does not block. */
    public void close() {
        served.end(CloseCode.NORMAL, false);
    }

    private Frame frame(Payload message) {
        return served.connection().framing().frame(message);
    }
}

package io.seleucia.chat.accept;

import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.connection.Watchdog;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.session.SessionContext;
import io.seleucia.chat.transport.HandshakeException;
import io.seleucia.chat.transport.InMemoryConnection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Accepts connections of this process, which need no port. Apart from that, they are served like all others. Each has a
 * virtual thread for its inbound loop.
 */
public final class InMemoryConnector implements Connector {
    private static final Duration LOGIN = Duration.ofDays(1); // the login timeout is shorter

    /** A connection that is being served. */
    private final class Running extends RunningConnections.Running {
        private final ServedConnection served;

        Running(ServedConnection served) {
            super(running);
            this.served = served;
            memory.charge(Part.CONNECTIONS, ConnectionLimiter.CONNECTION_BYTES);
        }

        @Override
        void serve() {
            served.run();
        }

        @Override
        void leave() {
            memory.charge(Part.CONNECTIONS, -ConnectionLimiter.CONNECTION_BYTES);
        }

        @Override
        ServedConnection served() {
            return served;
        }

        @Override
        public void check(long now) {
            served.check(now);
        }
    }

    private final List<Protocol> protocols;
    private final SessionContext context;
    private final MemoryBudget memory;
    private final RunningConnections running;
    private volatile boolean closed;

    /**
     * Creates a connector without connections.
     *
     * @param protocols the last is spoken with clients that choose none
     */
    public InMemoryConnector(List<Protocol> protocols, SessionContext context, Watchdog watchdog) {
        this.protocols = List.copyOf(protocols);
        this.context = context;
        this.memory = context.connections().memory();
        this.running = new RunningConnections(watchdog);
    }

    /**
     * Connects a client. May block, for its login.
     *
     * @param subprotocol the name of a protocol, or empty
     * @param parameters the query of the handshake
     */
    public InMemoryConnection connect(String subprotocol, Map<String, String> parameters) {
        Objects.requireNonNull(subprotocol, "subprotocol");
        Objects.requireNonNull(parameters, "parameters");
        if (closed) {
            throw new IllegalStateException("the server is closed");
        }
        Protocol protocol = subprotocol.isEmpty()
                ? protocols.getLast()
                : protocols.stream()
                        .filter(one -> one.name().equals(subprotocol))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("not spoken here: " + subprotocol));
        InMemoryConnection connection =
                new InMemoryConnection(context.connections().limits().messageBytes());
        HandshakeAuthenticator authenticator =
                new HandshakeAuthenticator(context.logins(), false, connection.peer(), LOGIN, path -> false);
        try {
            authenticator.check("/", Optional.empty(), parameters);
        } catch (HandshakeException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        ServedConnection served = new ServedConnection(connection, context.connections());
        Session session =
                new Session(served, protocol, authenticator.withoutSecret(parameters), authenticator.login(), context);
        new Running(served.serve(session)).start();
        if (closed) {
            served.end(CloseCode.RESTART, false); // the others were told before it came
        }
        return connection;
    }

    @Override
    public Stream<ServedConnection> connections() {
        return running.served();
    }

    @Override
    public void stop() {
        closed = true;
        connections().forEach(served -> served.end(CloseCode.RESTART, false));
    }

    @Override
    public void drain(long deadline, Set<Thread> closing) {
        running.drain(deadline, closing, context.connections().limits().write());
    }
}

package io.seleucia.chat.accept;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.connection.Watchdog;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.transport.HandshakeException;
import io.seleucia.chat.transport.HandshakeRefusal;
import io.seleucia.chat.transport.Patience;
import io.seleucia.chat.transport.Poller;
import io.seleucia.chat.transport.ProxyHeader;
import io.seleucia.chat.transport.Tls;
import io.seleucia.chat.transport.TrustedProxies;
import io.seleucia.chat.transport.Wire;
import io.seleucia.chat.transport.WireBytes;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;

/**
 * Accepts the connections of one port. One virtual thread accepts. Each connection has a virtual thread of its own, which
 * performs the handshakes, through the port's {@link ConnectionFactory}, and then runs the inbound loop.
 */
public final class Acceptor implements Connector {
    private static final Logger LOG = System.getLogger(Acceptor.class.getName());
    private static final int BACKLOG = 4096;
    private static final int PAUSE_MILLIS = 100;
    private static final long COMPLAINT_NANOS = 10_000_000_000L;
    private static final Duration HANDSHAKE_WHILE_CLOSING = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofDays(1); // of a step, which has a limit of its own
    private static final Duration REFUSAL = Duration.ofSeconds(1);

    private final ServerSocketChannel port;
    private final Optional<Tls> tls;
    private final ConnectionFactory factory;
    private final ConnectionLimiter limiter;
    private final TrustedProxies trusted;
    private final RefusedHandshakes refused;
    private final AcceptLimits limits;
    private final WireBytes bytes;
    private final MemoryBudget memory;
    private final List<Poller> pollers;
    private int accepted; // used by the accepting thread only

    private final RunningConnections running;
    private final Thread accepting;
    private long complainedAt = System.nanoTime() - COMPLAINT_NANOS - 1; // used by the accepting thread only
    private volatile boolean closed;

    /**
     * Listens, and starts the thread that accepts.
     *
     * @param tls secures every connection; if empty, they are plain
     * @param limiter counts the connections of all ports
     * @param trusted the proxies that are believed
     * @param refused counts and logs the handshakes that are refused, on all ports
     * @param bytes counts their bytes
     * @param memory is charged for what the server keeps for them
     * @param pollers wake the threads of plain connections, each those of a share
     * @throws IOException if the address cannot be listened on
     */
    public Acceptor(
            InetSocketAddress address,
            ConnectionFactory factory,
            Optional<Tls> tls,
            ConnectionLimiter limiter,
            TrustedProxies trusted,
            RefusedHandshakes refused,
            AcceptLimits limits,
            WireBytes bytes,
            MemoryBudget memory,
            List<Poller> pollers,
            Watchdog watchdog)
            throws IOException {
        this.factory = factory;
        this.tls = tls;
        this.limiter = limiter;
        this.trusted = trusted;
        this.refused = refused;
        this.limits = limits;
        this.bytes = bytes;
        this.memory = memory;
        this.pollers = pollers;
        this.port = ServerSocketChannel.open();
        try {
            port.socket().bind(address, BACKLOG); // unlike the channel, says what is wrong with an address
        } catch (IOException | RuntimeException e) {
            port.close();
            throw new IOException(
                    "can't listen on " + address.getHostString() + ":" + address.getPort() + ": " + e.getMessage(), e);
        }
        this.running = new RunningConnections(watchdog);
        this.accepting = Thread.ofVirtual().name("accept-" + port()).start(this::accept);
    }

    public int port() {
        return port.socket().getLocalPort();
    }

    @Override
    public Stream<ServedConnection> connections() {
        return running.served();
    }

    private void accept() {
        Loop.run(LOG, "accepting connections", () -> !closed, () -> {
            try {
                start(port.accept());
            } catch (IOException e) {
                if (!closed) {
                    complain(e);
                    TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS); // most likely no file descriptors are left
                }
            }
        });
    }

    private void start(SocketChannel channel) throws IOException {
        try {
            new AcceptedConnection(channel, pollers.get(accepted)).start();
            accepted = (accepted + 1) % pollers.size();
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
    }

    private void complain(IOException why) {
        long now = System.nanoTime();
        if (now - complainedAt > COMPLAINT_NANOS) {
            complainedAt = now;
            LOG.log(Level.WARNING, "accepting connections fails: " + why.getMessage());
        }
    }

    @Override
    public void stop() {
        closed = true;
        try {
            port.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "closing the port failed: " + e.getMessage());
        }
        connections().forEach(session -> session.end(CloseCode.RESTART, false));
        running.stop();
    }

    @Override
    public void drain(long deadline, Set<Thread> closing) {
        try {
            accepting.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime()))); // after it, none is added
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        running.drain(deadline, closing, limits.writeTimeout());
    }

    /**
     * A connection from its first byte to its last. The stack of its thread below {@link ServedConnection#run} is memory of an
     * idle connection, and so is kept small.
     */
    private final class AcceptedConnection extends RunningConnections.Running {
        private final SocketChannel channel;
        private final CountedClient client;
        private final Poller poller;
        private final long began = System.nanoTime();
        private volatile boolean late; // the deadline of the handshake has passed
        private final Patience patience;
        private volatile Wire wire; // null until it is needed
        private volatile ServedConnection session; // null until the handshake is done, or if it fails

        AcceptedConnection(SocketChannel channel, Poller poller) throws IOException {
            super(running);
            this.channel = channel;
            this.client = new CountedClient(limiter, trusted, (InetSocketAddress) channel.getRemoteAddress());
            this.poller = poller;
            this.patience = new Patience(client.isAdmitted() ? limits.handshakeTimeout() : REFUSAL);
        }

        @Override
        ServedConnection served() {
            return session;
        }

        @Override
        void serve() {
            enter();
            if (session != null) {
                session.run();
            }
        }

        /** Performs the handshakes, and sets the session if they succeed. */
        private void enter() {
            try {
                if (client.isAdmitted()) {
                    session = factory.enter(opened(), client, patience).orElse(null);
                } else {
                    refuse(client.refusal());
                }
                if (closed && session != null) {
                    session.end(CloseCode.RESTART, false); // the others were told before it came
                } else if (session != null && !memory.hasRoom()) {
                    session.end(CloseCode.TRY_LATER, false); // memory was filled during the handshake
                }
            } catch (InterruptedException e) {
                LOG.log(Level.DEBUG, "a connection was interrupted before its handshake");
            } catch (HandshakeException e) {
                refused.add(e.reason(), client.address(), e.getMessage());
            } catch (IOException e) {
                LOG.log(Level.DEBUG, () -> "a connection ended before its handshake: " + e.getMessage());
            }
        }

        /** Reads what a proxy says ahead of all else, and then performs the TLS handshake, if there is TLS. */
        private Wire opened() throws IOException, InterruptedException {
            byte[] first = {};
            if (client.isProxy()) {
                ProxyHeader header = ProxyHeader.read(channel);
                first = header.rest();
                if (header.isPresent()) {
                    replacePeer(header.client());
                }
            }
            Wire open = tls.isPresent() ? secured(tls.get(), first) : plain();
            if (tls.isEmpty()) {
                open.unread(first);
            }
            client.nameOn(open);
            return open;
        }

        private void replacePeer(Optional<InetSocketAddress> peer) throws IOException {
            try {
                client.replacePeer(peer);
            } catch (HandshakeException e) {
                answer(e);
                throw e;
            }
        }

        private void refuse(HandshakeException why) throws IOException {
            refused.add(why.reason(), client.address(), why.getMessage());
            answer(why);
        }

        private void answer(HandshakeException why) throws IOException {
            if (tls.isPresent()) {
                return; // an answer would need a handshake
            }
            try (ConnectionLimiter.Place place = limiter.beginRefusal()) {
                if (place != null) {
                    factory.refuse(plain(), why.status(), why.getMessage());
                }
            }
        }

        private Wire plain() throws IOException {
            wire = Wire.over(channel, poller, limits.bytesPerSecond(), bytes, memory);
            return wire;
        }

        /** Performs the TLS handshake. Blocks first while too many of the same network are in theirs. */
        private Wire secured(Tls secure, byte[] first) throws IOException, InterruptedException {
            long left = began + limits.handshakeTimeout().toNanos() - System.nanoTime();
            try (ConnectionLimiter.Place place = limiter.beginHandshake(client.address(), left)) {
                if (place == null) {
                    throw new IOException("too many TLS handshakes of this address at the same time");
                }
                wire = secure.over(channel.socket(), first, limits.bytesPerSecond(), bytes, memory);
                wire.secure();
                return wire;
            } catch (SSLException e) {
                if (!late && !(e.getCause() instanceof EOFException)) { // else the peer has left
                    refused.add(HandshakeRefusal.TLS, client.address(), "the TLS handshake failed: " + e.getMessage());
                }
                throw e;
            }
        }

        @Override
        void leave() {
            close();
            if (wire != null && session == null) {
                wire.release();
            }
            client.leave();
        }

        private void close() {
            try {
                if (wire == null) {
                    channel.close();
                } else {
                    wire.abort(); // wakes its threads too
                }
            } catch (IOException e) {
                LOG.log(Level.DEBUG, () -> "closing a socket: " + e.getMessage());
            }
        }

        @Override
        public void check(long now) {
            if (session != null) {
                session.check(now);
                return;
            }
            if (patience.isOver(now, closed ? HANDSHAKE_WHILE_CLOSING : LONGEST)) {
                if (client.isAdmitted() && !late && !patience.isIdle()) {
                    late = true;
                    refused.add(HandshakeRefusal.TIMEOUT, client.address(), "its handshake took too long");
                }
                close();
            }
        }

        @Override
        void stop() {
            if (patience.stop()) {
                close();
            }
        }
    }
}

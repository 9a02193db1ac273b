package io.seleucia.chat;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.session.Bounds;
import io.seleucia.chat.session.Channels;
import io.seleucia.chat.session.Loops;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.session.Watchdog;
import io.seleucia.chat.transport.Handshake;
import io.seleucia.chat.transport.HandshakeException;
import io.seleucia.chat.transport.Tls;
import io.seleucia.chat.transport.WebSocket;
import io.seleucia.chat.transport.Wire;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Takes the connections of one port. A virtual thread accepts; each connection gets its own, which performs the
 * handshake and then is the session's inbound loop.
 */
final class Acceptor implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Acceptor.class.getName());
    private static final int BACKLOG = 4096;
    private static final int PAUSE_MILLIS = 100;
    private static final long COMPLAINT_NANOS = 10_000_000_000L;
    private static final Duration HANDSHAKE_WHILE_CLOSING = Duration.ofSeconds(1);
    private static final Duration REFUSAL = Duration.ofSeconds(1);

    private final ServerSocket socket;
    private final Optional<Tls> tls;
    private final Handshake handshake;
    private final List<Protocol> protocols;
    private final Handlers handlers;
    private final Channels channels;
    private final Limits limits;
    private final Bounds bounds;

    private final AtomicInteger connections = new AtomicInteger();
    private final ConcurrentHashMap<InetAddress, Integer> addresses = new ConcurrentHashMap<>();
    private final Set<Visit> visits = ConcurrentHashMap.newKeySet();
    private final Thread accepting;
    private volatile boolean closed;

    /**
     * Listens, and accepts from now on.
     *
     * @param handshake how connections are let in
     * @param protocols the most preferred first; the last is spoken with clients that choose none
     * @param handlers the paths at which no protocol is spoken
     * @param tls what every connection is secured with; if empty, they are plain
     * @throws IOException if the address can't be listened on
     */
    Acceptor(
            InetSocketAddress address,
            Handshake handshake,
            List<Protocol> protocols,
            Handlers handlers,
            Optional<Tls> tls,
            Channels channels,
            Limits limits,
            Watchdog watchdog)
            throws IOException {
        this.tls = tls;
        this.protocols = protocols;
        this.handshake = handshake;
        this.handlers = handlers;
        this.channels = channels;
        this.limits = limits;
        this.bounds = new Bounds(
                ChatServer.NAME,
                limits.maxMessageBytes(),
                limits.outboundQueueBytes(),
                limits.maxChannels(),
                limits.rateMessages(),
                limits.rateBurst(),
                limits.pingInterval(),
                limits.pongTimeout(),
                limits.frameTimeout(),
                limits.writeTimeout());
        this.socket = new ServerSocket();
        try {
            socket.bind(address, BACKLOG);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
        watchdog.watch(visits);
        this.accepting =
                Thread.ofVirtual().name("accept-" + socket.getLocalPort()).start(this::accept);
    }

    int port() {
        return socket.getLocalPort();
    }

    /** The number of sessions. */
    int sessions() {
        return (int) visits.stream().filter(visit -> visit.session != null).count();
    }

    private void accept() {
        long complainedAt = System.nanoTime() - COMPLAINT_NANOS - 1;
        while (!closed) {
            try {
                Visit visit = new Visit(socket.accept());
                visits.add(visit);
                visit.thread.start();
            } catch (IOException | RuntimeException | Error e) { // whatever it is, the port must not go deaf
                long now = System.nanoTime();
                if (!closed && now - complainedAt > COMPLAINT_NANOS) {
                    complainedAt = now;
                    complain(e);
                }
                if (!closed) {
                    pause(); // out of file descriptors, most likely, and that does not pass at once
                }
            }
        }
    }

    private static void complain(Throwable why) {
        try {
            LOG.log(Level.WARNING, "accepting connections fails: " + why.getMessage());
        } catch (RuntimeException | Error e) {
            // Where files can't be opened, a logger may not work either. There is nobody left to tell.
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "interrupted before accepting again");
        }
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

    /** Counts a connection, unless it is one too many: those must not take the places of others. */
    private boolean admit(InetAddress address) {
        if (addresses.merge(address, 1, Integer::sum) <= limits.maxConnectionsPerAddress()) {
            if (connections.incrementAndGet() <= limits.maxConnections()) {
                return true;
            }
            connections.decrementAndGet();
        }
        release(address);
        return false;
    }

    private void release(InetAddress address) {
        addresses.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
    }

    /** Accepts no more, tells all clients that the server restarts, and waits until they have what waits for them. */
    @Override
    public void close() {
        closed = true;
        try {
            socket.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "closing the port failed: " + e.getMessage());
        }
        forEachSession(session -> session.end(CloseCode.RESTART, false));
        awaitEnd(limits.drainTimeout());
        if (!visits.isEmpty()) {
            LOG.log(Level.WARNING, visits.size() + " connections did not end in time and are cut off");
            forEachSession(Loops::abort);
            awaitEnd(limits.writeTimeout());
        }
    }

    private void forEachSession(Consumer<Loops> what) {
        for (Visit visit : visits) {
            Loops session = visit.session;
            if (session != null) {
                what.accept(session);
            }
        }
    }

    private void awaitEnd(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            accepting.join(limit); // after it, no visit is added
            for (Visit visit : visits) {
                visit.thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // whoever closes is in a hurry: the rest is cut off
        }
    }

    /**
     * One connection, from its first byte to its last. All that is on its thread's stack below {@link Loops#run} is
     * memory of an idle connection, and so there is little.
     */
    private final class Visit implements Runnable, Watchdog.Watched {
        private final Socket socket;
        private final Thread thread = Thread.ofVirtual().unstarted(this);
        private final long began = System.nanoTime();
        private final boolean admitted;
        private volatile Loops session; // null until the handshake is done

        Visit(Socket socket) {
            this.socket = socket;
            this.admitted = admit(socket.getInetAddress());
        }

        @Override
        public void run() {
            try {
                Optional<Loops.Receiver> receiver = enter();
                if (receiver.isPresent()) {
                    session.run(receiver.get());
                }
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "serving a connection failed", e);
            } finally {
                leave();
            }
        }

        /** The handshakes; what is to be served then, or nothing if there is to be no session. */
        private Optional<Loops.Receiver> enter() {
            try {
                int rate = limits.rateBytes();
                Wire wire = tls.isPresent() ? tls.get().over(socket, rate) : new Wire(socket, rate);
                wire.secure();
                if (!admitted) {
                    Handshake.refuse(wire, 503, "too many connections, try again later");
                    return Optional.empty();
                }
                return Optional.of(open(wire, handshake.accept(wire, Acceptor.this::subprotocols)));
            } catch (HandshakeException e) {
                LOG.log(Level.DEBUG, () -> "handshake refused with " + e.status() + ": " + e.getMessage());
            } catch (IOException e) {
                LOG.log(Level.DEBUG, () -> "a connection ended before its handshake: " + e.getMessage());
            }
            return Optional.empty();
        }

        private Loops.Receiver open(Wire wire, Handshake.Agreed agreed) {
            Loops opened = new Loops(new WebSocket(wire, agreed, limits.maxMessageBytes()), bounds);
            session = opened;
            if (closed) {
                opened.end(CloseCode.RESTART, false); // it came while the others were told
            }
            return handlers.at(agreed.path())
                    .map(handler -> RawWebSocket.receiver(opened, agreed.path(), handler))
                    .orElseGet(() -> new Session(opened, protocolFor(agreed.subprotocol()), channels, bounds));
        }

        private void leave() {
            closeSocket();
            if (admitted) {
                connections.decrementAndGet();
                release(socket.getInetAddress());
            }
            visits.remove(this);
        }

        private void closeSocket() {
            try {
                socket.close();
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
            Duration limit = closed ? HANDSHAKE_WHILE_CLOSING : admitted ? limits.handshakeTimeout() : REFUSAL;
            if (now - began > limit.toNanos()) {
                closeSocket();
            }
        }
    }
}

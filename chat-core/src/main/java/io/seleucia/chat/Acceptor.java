package io.seleucia.chat;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.concurrent.ThrottledLog;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.session.Loops;
import io.seleucia.chat.session.Watchdog;
import io.seleucia.chat.transport.HandshakeException;
import io.seleucia.chat.transport.Tls;
import io.seleucia.chat.transport.Wire;
import io.seleucia.chat.transport.WireBytes;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Takes the connections of one port. A virtual thread accepts; each connection gets its own, which takes it through the
 * port's {@link Entrance} and then is the session's inbound loop.
 */
final class Acceptor implements Port {
    private static final Logger LOG = System.getLogger(Acceptor.class.getName());
    private static final int BACKLOG = 4096;
    private static final int PAUSE_MILLIS = 100;
    private static final long COMPLAINT_NANOS = 10_000_000_000L;
    private static final Duration HANDSHAKE_WHILE_CLOSING = Duration.ofSeconds(1);
    private static final Duration REFUSAL = Duration.ofSeconds(1);

    private final ServerSocket socket;
    private final Optional<Tls> tls;
    private final Entrance entrance;
    private final Admission admission;
    private final Limits limits;
    private final WireBytes bytes;

    private final Set<Visit> visits = ConcurrentHashMap.newKeySet();
    private final Thread accepting;
    private final ThrottledLog misdirected = new ThrottledLog(LOG, Level.INFO);
    private long complainedAt = System.nanoTime() - COMPLAINT_NANOS - 1; // the accepting thread's own
    private volatile boolean closed;

    /**
     * Listens, and accepts from now on.
     *
     * @param tls what every connection is secured with; if empty, they are plain
     * @param admission counts the connections of all ports
     * @param bytes counts their bytes
     * @throws IOException if the address can't be listened on
     */
    Acceptor(
            InetSocketAddress address,
            Entrance entrance,
            Optional<Tls> tls,
            Admission admission,
            Limits limits,
            WireBytes bytes,
            Watchdog watchdog)
            throws IOException {
        this.entrance = entrance;
        this.tls = tls;
        this.admission = admission;
        this.limits = limits;
        this.bytes = bytes;
        this.socket = new ServerSocket();
        try {
            socket.bind(address, BACKLOG);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw new IOException(
                    "can't listen on " + address.getHostString() + ":" + address.getPort() + ": " + e.getMessage(), e);
        }
        watchdog.watch(visits);
        this.accepting =
                Thread.ofVirtual().name("accept-" + socket.getLocalPort()).start(this::accept);
    }

    int port() {
        return socket.getLocalPort();
    }

    @Override
    public Stream<Loops> connections() {
        return visits.stream().map(visit -> visit.session).filter(Objects::nonNull);
    }

    private void accept() {
        Loop.run(LOG, "accepting connections", () -> !closed, () -> {
            try {
                visit(socket.accept());
            } catch (IOException e) {
                if (!closed) {
                    complain(e);
                    TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS); // out of file descriptors, most likely, for a while
                }
            }
        });
    }

    private void visit(Socket accepted) throws IOException {
        boolean begun = false;
        try {
            new Visit(accepted).begin();
            begun = true;
        } finally {
            if (!begun) {
                accepted.close();
            }
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
            socket.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "closing the port failed: " + e.getMessage());
        }
        connections().forEach(session -> session.end(CloseCode.RESTART, false));
    }

    @Override
    public void drain(long deadline, Set<Thread> closing) {
        awaitEnd(deadline, closing);
        List<Visit> late =
                visits.stream().filter(visit -> !closing.contains(visit.thread)).toList();
        if (!late.isEmpty()) {
            LOG.log(Level.WARNING, late.size() + " connections did not end in time and are cut off");
            late.stream().map(visit -> visit.session).filter(Objects::nonNull).forEach(Loops::abort);
            awaitEnd(System.nanoTime() + limits.writeTimeout().toNanos(), closing);
        }
    }

    private void awaitEnd(long deadline, Set<Thread> closing) {
        try {
            accepting.join(until(deadline)); // after it, no visit is added
            for (Visit visit : visits) {
                while (!closing.contains(visit.thread) && deadline - System.nanoTime() > 0) {
                    Duration left = until(deadline);
                    if (visit.thread.join(left.compareTo(LOOK) < 0 ? left : LOOK)) {
                        break;
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // whoever closes is in a hurry: the rest is cut off
        }
    }

    private static Duration until(long deadline) {
        return Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
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
        private volatile Loops session; // null until the handshake is done, and where there is to be none

        Visit(Socket socket) {
            this.socket = socket;
            this.admitted = admission.admit(socket.getInetAddress());
        }

        private void begin() {
            boolean begun = false;
            try {
                visits.add(this);
                thread.start();
                begun = true;
            } finally {
                if (!begun) {
                    leave();
                }
            }
        }

        @Override
        public void run() {
            try {
                enter();
                if (session != null) {
                    session.run();
                }
            } catch (Throwable e) {
                Loop.report(LOG, "serving a connection", e);
            } finally {
                leave();
            }
        }

        /** The handshakes, after which there is a session, or is to be none. */
        private void enter() {
            try {
                if (admitted) {
                    session = tls.isPresent()
                            ? entrance.enter(secured(tls.get())).orElse(null)
                            : entrance.enter(plain()).orElse(null);
                } else if (tls.isEmpty()) { // to say it over TLS would cost a handshake
                    entrance.refuse(plain());
                }
                if (closed && session != null) {
                    session.end(CloseCode.RESTART, false); // it came while the others were told
                }
            } catch (InterruptedException e) {
                LOG.log(Level.DEBUG, "a connection was interrupted before its handshake");
            } catch (HandshakeException e) {
                if (e.status() == 421) {
                    misdirected.log(() -> "a request from " + peer() + " was refused: " + e.getMessage());
                }
                LOG.log(Level.DEBUG, () -> "handshake refused with " + e.status() + ": " + e.getMessage());
            } catch (IOException e) {
                LOG.log(Level.DEBUG, () -> "a connection ended before its handshake: " + e.getMessage());
            }
        }

        private Wire plain() throws IOException {
            return new Wire(socket, limits.rateBytes(), bytes);
        }

        /** The TLS handshake, which waits while many of the same network are in theirs. */
        private Wire secured(Tls secure) throws IOException, InterruptedException {
            long left = began + limits.handshakeTimeout().toNanos() - System.nanoTime();
            try (Admission.Place place = admission.beginHandshake(socket.getInetAddress(), left)) {
                if (place == null) {
                    throw new IOException("too many TLS handshakes of this address at a time");
                }
                Wire wire = secure.over(socket, limits.rateBytes(), bytes);
                wire.secure();
                return wire;
            }
        }

        private String peer() {
            return socket.getInetAddress().getHostAddress();
        }

        private void leave() {
            closeSocket();
            if (admitted) {
                admission.leave(socket.getInetAddress());
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

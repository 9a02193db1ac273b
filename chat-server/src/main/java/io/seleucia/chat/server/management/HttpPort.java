package io.seleucia.chat.server.management;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Network;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * An HTTP/1.1 server with one request per connection, each in its own virtual thread. Each part of a request has a
 * deadline, which another thread enforces.
 *
 * <p>At most {@value #MAX_CONNECTIONS} connections are open. A further one replaces the oldest connection that has not sent
 * a complete request, of the {@link Network} with most of those. So a peer that opens connections and sends nothing can't
 * shut out others, not even from the same address.
 */
final class HttpPort implements AutoCloseable {
    static final int MAX_CONNECTIONS = 200;

    private static final Logger LOG = System.getLogger(HttpPort.class.getName());
    private static final int BACKLOG = 50;
    private static final long REQUEST = TimeUnit.SECONDS.toNanos(10);
    private static final long RESPONSE = TimeUnit.SECONDS.toNanos(60);
    private static final long WRITE = TimeUnit.SECONDS.toNanos(30);
    private static final long LINGER = TimeUnit.SECONDS.toNanos(1);
    private static final Duration ROUND = Duration.ofMillis(500);
    private static final int PAUSE_MILLIS = 100;

    /** Answers requests. May block. */
    @FunctionalInterface
    interface Handler {
        HttpResponse answer(HttpRequest request);
    }

    private final ServerSocket socket = new ServerSocket();
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet(); // added to by the accepting thread alone
    private final AtomicLong lastNumber = new AtomicLong();
    private final CountDownLatch closed = new CountDownLatch(1);

    /**
     * Binds the port. Nothing is accepted before {@link #serve}.
     *
     * @throws IOException if the port can't be bound
     */
    HttpPort(InetSocketAddress address) throws IOException {
        try {
            socket.bind(address, BACKLOG);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    int port() {
        return socket.getLocalPort();
    }

    void serve(Handler handler) {
        Thread.ofVirtual().name("management-accept").start(() -> accept(handler));
        Thread.ofVirtual().name("management-deadlines").start(this::keepDeadlines);
    }

    private boolean isOpen() {
        return closed.getCount() > 0;
    }

    private void accept(Handler handler) {
        Loop.run(LOG, "accepting connections of management", this::isOpen, () -> {
            try {
                admit(new Connection(socket.accept(), handler));
            } catch (IOException e) {
                if (isOpen()) {
                    LOG.log(Level.DEBUG, () -> "accepting a connection of management failed: " + e.getMessage());
                    TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS); // out of file descriptors, most likely, for a while
                }
            }
        });
    }

    private void admit(Connection connection) {
        if (connections.size() >= MAX_CONNECTIONS && !makeRoom()) {
            connection.close();
            return;
        }
        connections.add(connection);
        boolean begun = false;
        try {
            Thread.ofVirtual().name("management-" + connection.number).start(connection);
            begun = true;
        } finally {
            if (!begun) {
                connection.close();
            }
        }
    }

    /** Closes a connection that waits for its peer. Returns false if all connections are being answered. */
    private boolean makeRoom() {
        return connections.stream()
                .filter(connection -> connection.waits)
                .collect(Collectors.groupingBy(connection -> connection.network))
                .values()
                .stream()
                .max(Comparator.comparingInt(Collection::size))
                .flatMap(most -> most.stream().min(Comparator.comparingLong(connection -> connection.number)))
                .map(Connection::close)
                .isPresent();
    }

    private void keepDeadlines() {
        Loop.every(ROUND, LOG, "the deadlines of management", closed, () -> {
            long now = System.nanoTime();
            connections.stream()
                    .filter(connection -> now - connection.deadline > 0)
                    .forEach(Connection::close);
        });
    }

    /** Closes the port and all connections. Does not wait. */
    @Override
    public void close() {
        closed.countDown();
        try {
            socket.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "closing the port of management failed: " + e.getMessage());
        }
        connections.forEach(Connection::close);
    }

    /** One connection, in its own thread. */
    private final class Connection implements Runnable {
        private final Socket socket;
        private final Handler handler;
        private final Network network;
        private final long number = lastNumber.incrementAndGet();
        private volatile long deadline = System.nanoTime() + REQUEST;
        private volatile boolean waits = true; // for the peer: for its request, or for it to close

        Connection(Socket socket, Handler handler) {
            this.socket = socket;
            this.handler = handler;
            this.network = Network.of(socket.getInetAddress());
        }

        @Override
        public void run() {
            try {
                socket.setTcpNoDelay(true);
                serve(new BufferedInputStream(socket.getInputStream()), socket.getOutputStream());
            } catch (IOException e) {
                LOG.log(Level.DEBUG, () -> "a connection of management broke: " + e.getMessage());
            } catch (Throwable e) {
                Loop.report(LOG, "answering a request of management", e);
            } finally {
                close();
            }
        }

        private void serve(InputStream in, OutputStream out) throws IOException {
            HttpResponse response;
            boolean withBody = true;
            try {
                HttpRequest request = HttpRequest.read(in, out, socket.getInetAddress());
                waits = false;
                deadline = System.nanoTime() + RESPONSE;
                withBody = !request.method().equals("HEAD");
                response = handler.answer(request);
            } catch (HttpError e) {
                response = HttpResponse.of(e);
            }
            deadline = System.nanoTime() + WRITE;
            out.write(response.bytes(withBody));
            waits = true;
            deadline = System.nanoTime() + LINGER;
            socket.shutdownOutput();
            in.transferTo(OutputStream.nullOutputStream()); // closing with unread bytes would reset the connection
        }

        /** Closes the connection at any time. Does not block. */
        private boolean close() {
            connections.remove(this);
            try {
                socket.close();
            } catch (IOException e) {
                LOG.log(Level.DEBUG, () -> "closing a connection of management: " + e.getMessage());
            }
            return true;
        }
    }
}

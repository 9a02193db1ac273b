package io.seleucia.chat.server.management;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.transport.Network;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Collection;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * A port that answers one request of HTTP/1.1 a connection, each in a virtual thread of its own. Each part has a deadline,
 * which a further thread keeps.
 *
 * <p>There are at most {@value #MAX_CONNECTIONS} connections. One that comes beyond them takes the place of the one that
 * has waited longest without having sent a whole request, of the {@link Network} that has most of those: so whoever opens
 * connections and sends nothing shuts out nobody, not even from the same address.
 */
final class HttpPort implements AutoCloseable {
    static final int MAX_CONNECTIONS = 200;

    private static final Logger LOG = System.getLogger(HttpPort.class.getName());
    private static final int BACKLOG = 50;
    private static final long REQUEST = TimeUnit.SECONDS.toNanos(10);
    private static final long ANSWER = TimeUnit.SECONDS.toNanos(60);
    private static final long WRITE = TimeUnit.SECONDS.toNanos(30);
    private static final long LINGER = TimeUnit.SECONDS.toNanos(1);
    private static final long ROUND_MILLIS = 500;
    private static final int PAUSE_MILLIS = 100;

    /** What answers requests. May block. */
    @FunctionalInterface
    interface Handler {
        Answer answer(Request request);
    }

    private final ServerSocket socket = new ServerSocket();
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet(); // added to by the accepting thread alone
    private final AtomicLong lastNumber = new AtomicLong();
    private final CountDownLatch closed = new CountDownLatch(1);

    /**
     * Takes the port; nothing is accepted before {@link #serve}.
     *
     * @throws IOException if it can't be listened on
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

    /** Answers from now on. */
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

    /** Ends a connection that waits for its peer; false if all are being answered. */
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
        Loop.run(LOG, "the deadlines of management", this::isOpen, () -> {
            if (!closed.await(ROUND_MILLIS, TimeUnit.MILLISECONDS)) {
                long now = System.nanoTime();
                connections.stream()
                        .filter(connection -> now - connection.deadline > 0)
                        .forEach(Connection::close);
            }
        });
    }

    /** Answers nothing more. Does not wait. */
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

    /** One connection, from its first byte to its last. */
    private final class Connection implements Runnable {
        private final Socket socket;
        private final Handler handler;
        private final Network network;
        private final long number = lastNumber.incrementAndGet();
        private volatile long deadline = System.nanoTime() + REQUEST;
        private volatile boolean waits = true; // for its peer, without having its request, or with nothing left to say

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
            Answer answer;
            boolean withBody = true;
            try {
                Request request = Request.read(in, out, socket.getInetAddress());
                waits = false;
                deadline = System.nanoTime() + ANSWER;
                withBody = !request.method().equals("HEAD");
                answer = handler.answer(request);
            } catch (Refusal e) {
                answer = Answer.of(e);
            }
            deadline = System.nanoTime() + WRITE;
            out.write(answer.bytes(withBody));
            waits = true;
            deadline = System.nanoTime() + LINGER;
            socket.shutdownOutput();
            in.transferTo(OutputStream.nullOutputStream()); // closing over unread bytes would take the answer away
        }

        /** Ends it, whatever it does. Does not block. */
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

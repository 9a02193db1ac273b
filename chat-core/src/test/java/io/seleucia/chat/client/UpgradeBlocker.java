package io.seleucia.chat.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A network in front of a server that knows HTTP and, while a test wants it, lets no WebSocket through. Each connection has two
 * virtual threads, one for each direction.
 */
final class UpgradeBlocker implements AutoCloseable {
    /** What it does with a WebSocket. */
    enum Mode {
        /** Answers the request for it with 400. */
        REFUSE,
        /** Lets the handshake through, and closes at the first frame. */
        KILL,
        /** Lets the handshake through, and then nothing. */
        MUTE,
        /** Passes all. */
        PASS
    }

    private final ServerSocket port = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final int target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger upgrades = new AtomicInteger();
    private final AtomicInteger posts = new AtomicInteger();
    private volatile Mode mode;

    UpgradeBlocker(int target, Mode mode) throws IOException {
        this.target = target;
        this.mode = mode;
        Thread.ofVirtual().name("blocker").start(this::accept);
    }

    URI uri() {
        return URI.create("ws://127.0.0.1:" + port.getLocalPort());
    }

    void set(Mode next) {
        mode = next;
    }

    /** How many WebSockets were asked for. */
    int upgrades() {
        return upgrades.get();
    }

    /** How many POSTs came on connections that had carried others before. */
    int posts() {
        return posts.get();
    }

    /** Ends all connections. */
    void cut() {
        sockets.forEach(UpgradeBlocker::end);
    }

    private void accept() {
        try {
            while (true) {
                Socket near = port.accept();
                sockets.add(near);
                Thread.ofVirtual().start(() -> pass(near));
            }
        } catch (IOException e) {
            // Closed: the test is over.
        }
    }

    private void pass(Socket near) {
        try (near;
                Socket far = new Socket(InetAddress.getLoopbackAddress(), target)) {
            sockets.add(far);
            byte[] head = head(near.getInputStream());
            boolean upgrade = new String(head, StandardCharsets.ISO_8859_1).contains("websocket");
            Mode now = upgrade ? mode : Mode.PASS;
            upgrades.addAndGet(upgrade ? 1 : 0);
            if (now == Mode.REFUSE) {
                near.getOutputStream()
                        .write("HTTP/1.1 400 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                return;
            }
            far.getOutputStream().write(head);
            Thread.ofVirtual().start(() -> copy(far, near));
            if (now == Mode.PASS) {
                copyRequests(near, far);
            } else if (near.getInputStream().read() >= 0 && now == Mode.MUTE) {
                near.getInputStream().transferTo(OutputStream.nullOutputStream());
            }
        } catch (IOException e) {
            // Either end has broken it off.
        } finally {
            sockets.remove(near);
        }
    }

    private static byte[] head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int matched = 0; // of the four bytes that end it
        while (matched < 4) {
            int b = in.read();
            if (b < 0) {
                throw new IOException("no head");
            }
            head.write(b);
            matched = b == (matched % 2 == 0 ? '\r' : '\n') ? matched + 1 : b == '\r' ? 1 : 0;
        }
        return head.toByteArray();
    }

    private void copy(Socket from, Socket to) {
        try (from;
                to) {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // Either end has broken it off.
        } finally {
            sockets.remove(from);
        }
    }

    /** Passes requests on, and ends the connection if one is for a WebSocket that is not let through. */
    private void copyRequests(Socket from, Socket to) throws IOException {
        byte[] part = new byte[64 * 1024];
        for (int n = from.getInputStream().read(part);
                n >= 0;
                n = from.getInputStream().read(part)) {
            String text = new String(part, 0, n, StandardCharsets.ISO_8859_1);
            posts.addAndGet(text.startsWith("POST ") ? 1 : 0);
            if (text.contains("Upgrade: websocket")) {
                upgrades.incrementAndGet();
                if (mode != Mode.PASS) {
                    return;
                }
            }
            to.getOutputStream().write(part, 0, n);
        }
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        port.close();
        cut();
    }
}

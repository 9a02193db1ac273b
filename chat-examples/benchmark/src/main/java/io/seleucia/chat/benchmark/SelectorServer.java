package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/**
 * The server for comparison: the same broadcast on a plain selector of the JDK, in one thread. A message is encoded once for
 * all members, and each member's messages of one round of the selector are written together. There is no history, no
 * presence and no limit except that of queues: the server shows the cost of a broadcast alone.
 */
final class SelectorServer implements Runnable, AutoCloseable {
    private static final int READ_BUFFER = 128 * 1024;
    private static final int WRITE_BUFFER = 256 * 1024;
    private static final int BACKLOG = 1024;

    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final ByteBuffer in = ByteBuffer.allocateDirect(READ_BUFFER);
    private final ByteBuffer out = ByteBuffer.allocateDirect(WRITE_BUFFER);
    private final Map<SelectorConnection, Peer> peers = new HashMap<>();
    private final Map<String, Channel> channels = new HashMap<>();
    private final Queue<SelectorConnection> unwritten = new ArrayDeque<>(); // with new frames in this round

    private volatile boolean closed;

    /** A client, unless it is only echoed. */
    private static final class Peer {
        private final SelectorProtocol protocol;
        private final Set<Channel> subscriptions = new LinkedHashSet<>(2);
        private String client = "guest";

        Peer(SelectorProtocol protocol) {
            this.protocol = protocol;
        }
    }

    private static final class Channel {
        private final Set<SelectorConnection> members = new LinkedHashSet<>();
        private long offset;
    }

    /** Listens on a free port of this machine; {@link #run} serves. */
    SelectorServer() throws IOException {
        listener.bind(new InetSocketAddress("localhost", 0), BACKLOG);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    int port() {
        return listener.socket().getLocalPort();
    }

    /** Serves until the server is closed. */
    @Override
    public void run() {
        try (selector;
                listener) {
            while (!closed) {
                selector.select(this::ready);
                while (!unwritten.isEmpty()) {
                    write(unwritten.remove());
                }
            }
            selector.keys().stream()
                    .filter(key -> key.attachment() != null)
                    .forEach(key -> ((SelectorConnection) key.attachment()).close());
        } catch (IOException e) {
            System.err.println("the selector server has ended: " + e);
        }
    }

    private void ready(SelectionKey key) {
        if (key.isAcceptable()) {
            accept();
            return;
        }
        SelectorConnection connection = (SelectorConnection) key.attachment();
        if (key.isWritable()) {
            write(connection);
        }
        try {
            if (key.isValid() && key.isReadable()) {
                connection.read(in);
            }
        } catch (IOException e) {
            close(connection); // the peer is gone, or not understood
        }
    }

    private void accept() {
        try {
            for (SocketChannel socket = listener.accept(); socket != null; socket = listener.accept()) {
                socket.configureBlocking(false);
                socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
                SelectionKey key = socket.register(selector, SelectionKey.OP_READ);
                key.attach(new SelectorConnection(this, socket, key));
            }
        } catch (IOException e) {
            System.err.println("the selector server could not accept a connection: " + e);
        }
    }

    private void write(SelectorConnection connection) {
        try {
            if (connection.isOpen()) {
                connection.write(out);
            }
        } catch (IOException e) {
            close(connection); // the peer is gone, or does not read
        }
    }

    private void close(SelectorConnection connection) {
        connection.close();
        Peer peer = peers.remove(connection);
        if (peer != null) {
            peer.subscriptions.forEach(channel -> channel.members.remove(connection));
        }
    }

    /** Handles the first queued frame of a connection in this round. */
    void queued(SelectorConnection connection) {
        unwritten.add(connection);
    }

    void opened(SelectorConnection connection, String path, String subprotocol) throws IOException {
        switch (subprotocol) {
            case "ctesiphon" -> peers.put(connection, new Peer(SelectorProtocol.CTESIPHON));
            case "chat.v1" -> peers.put(connection, new Peer(SelectorProtocol.CHAT_V1));
            default -> {
                if (!path.equals(ServerProgram.ECHO_PATH)) {
                    throw new IOException("no protocol called " + subprotocol);
                }
            }
        }
    }

    void received(SelectorConnection connection, String text) throws IOException {
        Peer peer = peers.get(connection);
        if (peer == null) {
            connection.queue(SelectorConnection.frameOf(text));
            return;
        }
        SelectorProtocol.Request request = peer.protocol.read(text);
        if (!request.client().isEmpty()) {
            peer.client = request.client();
        }
        long offset = switch (request.action()) {
            case CONNECT -> 0;
            case SUBSCRIBE -> subscribe(connection, peer, request.channel());
            case PUBLISH -> publish(peer, request);
        };
        String answer = peer.protocol.answer(request, offset);
        if (!answer.isEmpty()) {
            connection.queue(SelectorConnection.frameOf(answer));
        }
    }

    private long subscribe(SelectorConnection connection, Peer peer, String name) {
        Channel channel = channels.computeIfAbsent(name, any -> new Channel());
        channel.members.add(connection);
        peer.subscriptions.add(channel);
        return channel.offset;
    }

    /** Publishes in the publisher's protocol, which all members speak. */
    private long publish(Peer peer, SelectorProtocol.Request request) throws IOException {
        Channel channel = channels.get(request.channel());
        if (!peer.subscriptions.contains(channel)) {
            throw new IOException("not a member of " + request.channel());
        }
        channel.offset++;
        byte[] frame = SelectorConnection.frameOf(peer.protocol.message(request, peer.client, channel.offset));
        channel.members.forEach(member -> member.queue(frame));
        return channel.offset;
    }

    /** Ends {@link #run}. Does not wait for it. */
    @Override
    public void close() {
        closed = true;
        selector.wakeup();
    }
}

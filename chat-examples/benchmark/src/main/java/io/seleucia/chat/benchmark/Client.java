package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * A connection of the load: a non-blocking WebSocket client (RFC 6455) with the least that a server needs. Frames are read in
 * place, in the buffer of {@link Clients}, in whose thread everything runs.
 *
 * <pre>
 *   CONNECTING ──► HANDSHAKE ──► OPEN
 * </pre>
 */
public final class Client {
    /** Handles the events of a client. */
    public interface Listener {
        /** Handles the end of the handshake. */
        void opened(Client client, long now) throws IOException;

        /**
         * Handles a text.
         *
         * @param in contains it at {@code at}; position and limit must not be changed
         * @param now when it was read
         */
        void received(Client client, ByteBuffer in, int at, int length, long now) throws IOException;

        /** Handles the end of a connection, or a failure to connect. An exception ends the whole load. */
        default void ended(Client client, IOException why) throws IOException {
            throw why;
        }
    }

    private enum State {
        CONNECTING,
        HANDSHAKE,
        OPEN
    }

    private static final byte[] NOTHING = {};

    private final int number;
    private final Handshake handshake;
    private final Listener listener;
    private final SocketChannel channel;
    private final SelectionKey key;
    private State state = State.CONNECTING;

    private byte[] begun = NOTHING; // an incomplete frame
    private int begunLength;
    private byte[] unsent = NOTHING;

    Client(int number, Handshake handshake, Optional<InetAddress> source, Listener listener, Selector selector)
            throws IOException {
        this.number = number;
        this.handshake = handshake;
        this.listener = listener;
        channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_LINGER, 0); // so that no port stays in use for a minute
        key = channel.register(selector, SelectionKey.OP_CONNECT, this);
        try {
            if (source.isPresent()) {
                channel.bind(new InetSocketAddress(source.get(), 0));
            }
            if (channel.connect(handshake.address())) {
                connected();
            }
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Returns the client's number in the load. */
    public int number() {
        return number;
    }

    /** Connects, writes or reads, as the selector says. */
    void ready(ByteBuffer in) throws IOException {
        if (key.isConnectable()) {
            channel.finishConnect();
            connected();
        }
        if (key.isWritable()) {
            write(ByteBuffer.wrap(NOTHING));
        }
        if (key.isReadable()) {
            read(in);
        }
    }

    private void connected() throws IOException {
        key.interestOps(SelectionKey.OP_READ);
        state = State.HANDSHAKE;
        write(ByteBuffer.wrap(handshake.request()));
    }

    private void read(ByteBuffer in) throws IOException {
        in.clear().put(begun, 0, begunLength);
        if (channel.read(in) < 0) {
            throw new IOException("the server ended the connection");
        }
        long now = System.nanoTime();
        in.flip();
        if (state != State.OPEN && handshake.accepts(in)) {
            state = State.OPEN;
            listener.opened(this, now);
        }
        if (state == State.OPEN) {
            while (channel.isOpen() && frame(in, now)) {
                // handles the next one
            }
        }
        begunLength = in.remaining();
        if (begun.length < begunLength) {
            begun = new byte[begunLength];
        }
        in.get(begun, 0, begunLength);
    }

    /** Handles the next frame. Returns false if it is incomplete. */
    private boolean frame(ByteBuffer in, long now) throws IOException {
        int length = Frames.length(in, false);
        if (length < 0) {
            return false;
        }
        int at = in.position();
        int payload = at + Frames.head(in);
        switch (in.get(at) & 0xff) {
            case Frames.TEXT -> listener.received(this, in, payload, length, now);
            case Frames.PING -> write(Frames.masked(Frames.PONG, bytes(in, payload, length)));
            case Frames.PONG -> {} // unsolicited
            case Frames.CLOSE -> throw closed(bytes(in, payload, length));
            default -> throw new IOException("the server sent a frame that is not a whole text");
        }
        in.position(payload + length);
        return true;
    }

    private static byte[] bytes(ByteBuffer in, int at, int length) {
        byte[] bytes = new byte[length];
        in.get(at, bytes);
        return bytes;
    }

    private static IOException closed(byte[] payload) {
        if (payload.length < 2) {
            return new IOException("the server closed the connection without a code");
        }
        int code = (payload[0] & 0xff) << 8 | payload[1] & 0xff;
        String reason = new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
        return new IOException("the server closed the connection: " + code + " " + reason);
    }

    /** Sends a text. The rest is kept if the socket does not take all of it. */
    public void send(byte[] text) throws IOException {
        write(Frames.masked(Frames.TEXT, text));
    }

    private void write(ByteBuffer bytes) throws IOException {
        ByteBuffer all = bytes;
        if (unsent.length > 0) {
            all = ByteBuffer.allocate(unsent.length + bytes.remaining())
                    .put(unsent)
                    .put(bytes)
                    .flip();
        }
        channel.write(all);
        unsent = all.hasRemaining() ? Arrays.copyOfRange(all.array(), all.position(), all.limit()) : NOTHING;
        int interest = unsent.length > 0 ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
        if (key.interestOps() != interest) {
            key.interestOps(interest);
        }
    }

    Listener listener() {
        return listener;
    }

    /** Resets the connection, so that no port stays in use. */
    public void close() throws IOException {
        channel.close();
    }
}

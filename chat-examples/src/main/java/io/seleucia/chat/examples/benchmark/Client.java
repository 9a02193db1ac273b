package io.seleucia.chat.examples.benchmark;

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
import java.util.concurrent.ThreadLocalRandom;

/**
 * One connection of the load: a WebSocket client (RFC 6455), non-blocking, with no more of it than a server needs to
 * see. Frames are read where they lie in the buffer of {@link Clients}, in whose thread all of it runs.
 *
 * <pre>
 *   CONNECTING ──► HANDSHAKE ──► OPEN
 * </pre>
 */
public final class Client {
    /** What happens to a client. */
    public interface Listener {
        /** The handshake is done. */
        void opened(Client client, long now) throws IOException;

        /**
         * A text has come.
         *
         * @param in where it lies, from {@code at} on; position and limit are not to be touched
         * @param now when it was read
         */
        void received(Client client, ByteBuffer in, int at, int length, long now) throws IOException;

        /** The connection has ended, or could not be made. What is thrown ends the whole load. */
        default void ended(Client client, IOException why) throws IOException {
            throw why;
        }
    }

    private enum State {
        CONNECTING,
        HANDSHAKE,
        OPEN
    }

    private static final int TEXT = 0x81; // with FIN, as all frames here
    private static final int CLOSE = 0x88;
    private static final int PING = 0x89;
    private static final int PONG = 0x8a;
    private static final int MASKED = 0x80;
    private static final int MAX_HEAD = 8; // a frame's, with its mask, up to 64 KiB of payload
    private static final byte[] NOTHING = {};

    private final int number;
    private final Handshake handshake;
    private final Listener listener;
    private final SocketChannel channel;
    private final SelectionKey key;
    private State state = State.CONNECTING;

    private byte[] begun = NOTHING; // the frame whose end has not come yet
    private int begunLength;
    private byte[] unsent = NOTHING; // what the socket did not take yet

    /** Begins to connect. */
    Client(int number, Handshake handshake, Optional<InetAddress> source, Listener listener, Selector selector)
            throws IOException {
        this.number = number;
        this.handshake = handshake;
        this.listener = listener;
        channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_LINGER, 0); // so that no port stays taken for a minute
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

    /** Its place among the load's clients. */
    public int number() {
        return number;
    }

    /** Does what the selector found it ready for. */
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
                // on to the next
            }
        }
        begunLength = in.remaining();
        if (begun.length < begunLength) {
            begun = new byte[begunLength];
        }
        in.get(begun, 0, begunLength);
    }

    /** Whether there was a complete frame. */
    private boolean frame(ByteBuffer in, long now) throws IOException {
        int at = in.position();
        int available = in.limit() - at;
        if (available < 2) {
            return false;
        }
        int head = 2;
        int length = in.get(at + 1);
        if (length == 126) {
            if (available < 4) {
                return false;
            }
            head = 4;
            length = (in.get(at + 2) & 0xff) << 8 | in.get(at + 3) & 0xff;
        } else if (length < 0 || length == 127) {
            throw new IOException("the server sent a frame that is masked, or longer than 65535 bytes");
        }
        if (available - head < length) {
            return false;
        }
        int payload = at + head;
        switch (in.get(at) & 0xff) {
            case TEXT -> listener.received(this, in, payload, length, now);
            case PING -> send(PONG, bytes(in, payload, length));
            case PONG -> {} // none was asked for, but a server may
            case CLOSE -> throw closed(bytes(in, payload, length));
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

    /** Sends a text; what the socket does not take now, it gets when it is ready. */
    public void send(byte[] text) throws IOException {
        send(TEXT, text);
    }

    private void send(int first, byte[] payload) throws IOException {
        int length = payload.length;
        ByteBuffer frame = ByteBuffer.allocate(MAX_HEAD + length).put((byte) first);
        if (length < 126) {
            frame.put((byte) (MASKED | length));
        } else {
            frame.put((byte) (MASKED | 126)).putShort((short) length);
        }
        int mask = ThreadLocalRandom.current().nextInt();
        frame.putInt(mask);
        for (int i = 0; i < length; i++) {
            frame.put((byte) (payload[i] ^ mask >>> 24 - 8 * (i & 3)));
        }
        write(frame.flip());
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

    /** Whom it tells what happens. */
    Listener listener() {
        return listener;
    }

    /** Ends the connection without a word: with a reset, so that no port stays taken. */
    public void close() throws IOException {
        channel.close();
    }
}

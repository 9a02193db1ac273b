package io.seleucia.chat.examples;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;

/**
 * One member's connection: a WebSocket client (RFC 6455), non-blocking, with no more of it than a server needs to see.
 * Frames are read where they lie in the load's buffer. All of it runs in the load's thread.
 *
 * <pre>
 *   CONNECTING ──► HANDSHAKE ──► SUBSCRIBING ──► MEMBER
 * </pre>
 */
final class FanoutMember {
    private enum State {
        CONNECTING,
        HANDSHAKE,
        SUBSCRIBING,
        MEMBER
    }

    private static final int TEXT = 0x81; // with FIN, as all frames here
    private static final int CLOSE = 0x88;
    private static final int PING = 0x89;
    private static final int PONG = 0x8a;
    private static final int MASKED = 0x80;
    private static final int MAX_HEAD = 8; // a frame's, with its mask, up to 64 KiB of payload
    private static final byte[] NOTHING = {};

    // One for all connections: it is there for caches, and none stands between.
    private static final String KEY =
            Base64.getEncoder().encodeToString("fanout benchmark".getBytes(StandardCharsets.US_ASCII));
    private static final String ACCEPT = accept();

    private final FanoutLoad load;
    private final int index;
    private final URI url;
    private final SocketChannel channel;
    private final SelectionKey key;
    private State state = State.CONNECTING;

    private byte[] begun = NOTHING; // the frame whose end has not come yet
    private int begunLength;
    private byte[] unsent = NOTHING; // what the socket did not take yet

    /** Begins to connect. */
    FanoutMember(FanoutLoad load, int index, URI url, InetSocketAddress address, Selector selector) throws IOException {
        this.load = load;
        this.index = index;
        this.url = url;
        channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        key = channel.register(selector, SelectionKey.OP_CONNECT, this);
        if (channel.connect(address)) {
            connected();
        }
    }

    private static String accept() {
        try {
            byte[] text = (KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(text));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
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
        String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        String target = url.getRawQuery() == null ? path : path + "?" + url.getRawQuery();
        write(ByteBuffer.wrap(("GET " + target + " HTTP/1.1\r\nHost: " + url.getRawAuthority()
                        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: " + KEY + "\r\nSec-WebSocket-Protocol: ctesiphon\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII)));
    }

    private void read(ByteBuffer in) throws IOException {
        in.clear().put(begun, 0, begunLength);
        if (channel.read(in) < 0) {
            throw new IOException("the server ended the connection");
        }
        long now = System.nanoTime();
        load.read();
        in.flip();
        if (state != State.HANDSHAKE || upgraded(in)) {
            while (frame(in, now)) {
                // on to the next
            }
        }
        begunLength = in.remaining();
        if (begun.length < begunLength) {
            begun = new byte[begunLength];
        }
        in.get(begun, 0, begunLength);
    }

    /** Whether the response was complete. */
    private boolean upgraded(ByteBuffer in) throws IOException {
        String head = StandardCharsets.ISO_8859_1.decode(in.duplicate()).toString();
        int end = head.indexOf("\r\n\r\n");
        if (end < 0) {
            return false;
        }
        String[] lines = head.substring(0, end).split("\r\n");
        if (!lines[0].startsWith("HTTP/1.1 101 ")) {
            throw new IOException("the server answered " + lines[0]);
        }
        require(lines, "Sec-WebSocket-Accept", ACCEPT);
        require(lines, "Sec-WebSocket-Protocol", "ctesiphon");
        in.position(end + 4);
        state = State.SUBSCRIBING;
        send(load.subscription(index));
        return true;
    }

    private static void require(String[] lines, String name, String value) throws IOException {
        for (String line : lines) {
            String[] field = line.split(":", 2);
            if (field[0].equalsIgnoreCase(name) && field[1].strip().equals(value)) {
                return;
            }
        }
        throw new IOException("the handshake's answer lacks " + name + ": " + value);
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
            case TEXT -> text(in, payload, length, now);
            case PING -> send(PONG, bytes(in, payload, length));
            case PONG -> {} // none was asked for, but a server may
            case CLOSE -> throw closed(bytes(in, payload, length));
            default -> throw new IOException("the server sent a frame that is not a whole text");
        }
        in.position(payload + length);
        return true;
    }

    private void text(ByteBuffer in, int at, int length, long now) throws IOException {
        if (state == State.MEMBER && length == load.messageLength()) {
            load.delivered(index, in, at + length, now);
            return;
        }
        String text = new String(bytes(in, at, length), StandardCharsets.UTF_8);
        if (state == State.MEMBER || !text.contains(" SUCCESSFULLY !")) {
            throw new IOException("the server said " + text);
        }
        state = State.MEMBER;
        load.subscribed();
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
    void send(byte[] text) throws IOException {
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
        key.interestOps(unsent.length > 0 ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
    }

    /** Ends the connection without a word. */
    void close() throws IOException {
        channel.close();
    }

    @Override
    public String toString() {
        return "member " + FanoutLoad.client(index);
    }
}

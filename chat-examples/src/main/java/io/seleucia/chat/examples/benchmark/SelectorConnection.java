package io.seleucia.chat.examples.benchmark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One connection of {@link SelectorServer}, in whose thread all of it runs: handshake, frames, and what is unwritten. */
final class SelectorConnection {
    private static final Pattern KEY = Pattern.compile("(?i)\r\nsec-websocket-key: *(\\S+)\r\n");
    private static final Pattern SUBPROTOCOL = Pattern.compile("(?i)\r\nsec-websocket-protocol: *(\\S+)\r\n");
    private static final int TEXT = 0x81; // with FIN, as all frames here
    private static final int CLOSE = 0x88;
    private static final int PING = 0x89;
    private static final int PONG = 0x8a;
    private static final int MASK_LENGTH = 4;
    private static final byte[] NOTHING = {};

    private final SelectorServer server;
    private final SocketChannel socket;
    private final SelectionKey key;
    private boolean open; // the handshake is done
    private byte[] begun = NOTHING; // of a request or frame that is not complete
    private final Deque<byte[]> queue = new ArrayDeque<>(2); // frames to be written
    private int written; // of the first
    private long queuedBytes;
    private boolean announced; // to be written after this round

    SelectorConnection(SelectorServer server, SocketChannel socket, SelectionKey key) {
        this.server = server;
        this.socket = socket;
        this.key = key;
    }

    /** Takes what has come, by way of a buffer that all connections share. */
    void read(ByteBuffer in) throws IOException {
        in.clear().put(begun);
        if (socket.read(in) < 0) {
            throw new IOException("the peer has ended the connection");
        }
        in.flip();
        if (!open) {
            open = handshake(in);
        }
        while (open && frame(in)) {
            // on to the next
        }
        begun = in.hasRemaining() ? new byte[in.remaining()] : NOTHING;
        in.get(begun);
    }

    /** Answers a request, if it is complete; whether it was. */
    private boolean handshake(ByteBuffer in) throws IOException {
        String head = StandardCharsets.ISO_8859_1.decode(in.duplicate()).toString();
        int end = head.indexOf(Handshake.END);
        if (end < 0) {
            return false;
        }
        Matcher sentKey = KEY.matcher(head);
        if (!sentKey.find()) {
            throw new IOException("not the handshake of a WebSocket");
        }
        Matcher offered = SUBPROTOCOL.matcher(head);
        String subprotocol = offered.find() ? offered.group(1) : "";
        server.opened(this, head.substring("GET ".length(), head.indexOf(" HTTP/1.1")), subprotocol);
        String chosen = subprotocol.isEmpty() ? "" : "\r\nSec-WebSocket-Protocol: " + subprotocol;
        queue(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: " + Handshake.accept(sentKey.group(1)) + chosen + Handshake.END)
                .getBytes(StandardCharsets.ISO_8859_1));
        in.position(end + Handshake.END.length());
        return true;
    }

    /** Whether there was a complete frame. */
    private boolean frame(ByteBuffer in) throws IOException {
        int at = in.position();
        int available = in.remaining();
        int length = available < 2 ? 0 : in.get(at + 1) & 0x7f;
        int head = 2 + MASK_LENGTH;
        if (length == 126) {
            head += 2;
            length = available < head ? 0 : in.getShort(at + 2) & 0xffff;
        } else if (length == 127) {
            throw new IOException("a frame of more than 65535 bytes");
        }
        if (available < head + length) {
            return false;
        }
        if (in.get(at + 1) >= 0) {
            throw new IOException("a frame without a mask");
        }
        byte[] payload = new byte[length];
        in.get(at + head, payload);
        for (int i = 0; i < length; i++) {
            payload[i] ^= in.get(at + head - MASK_LENGTH + (i & 3));
        }
        in.position(at + head + length);
        switch (in.get(at) & 0xff) {
            case TEXT -> server.received(this, new String(payload, StandardCharsets.UTF_8));
            case PING -> queue(frameOf(PONG, payload));
            case PONG -> {} // none was asked for
            case CLOSE -> throw new IOException("the peer closes");
            default -> throw new IOException("a frame that is not a whole text");
        }
        return true;
    }

    /** A text as a frame, which can be queued for any number of connections. */
    static byte[] frameOf(String text) {
        return frameOf(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] frameOf(int first, byte[] payload) {
        boolean small = payload.length < 126;
        ByteBuffer frame = ByteBuffer.allocate((small ? 2 : 4) + payload.length).put((byte) first);
        if (small) {
            frame.put((byte) payload.length);
        } else {
            frame.put((byte) 126).putShort((short) payload.length);
        }
        return frame.put(payload).array();
    }

    /** Has a frame written after this round. */
    void queue(byte[] frame) {
        queue.add(frame);
        queuedBytes += frame.length;
        if (!announced) {
            announced = true;
            server.queued(this);
        }
    }

    /** Writes what waits, as far as the socket takes it, by way of a buffer that all connections share. */
    void write(ByteBuffer out) throws IOException {
        announced = false;
        boolean taken = true;
        while (taken && !queue.isEmpty()) {
            fill(out.clear());
            taken(socket.write(out.flip()));
            taken = !out.hasRemaining();
        }
        if (queuedBytes > ServerProgram.QUEUE_BYTES) {
            throw new IOException("the peer does not read");
        }
        int interest = taken ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE;
        if (key.interestOps() != interest) {
            key.interestOps(interest);
        }
    }

    private void fill(ByteBuffer out) {
        int from = written;
        for (byte[] frame : queue) {
            int length = Math.min(frame.length - from, out.remaining());
            out.put(frame, from, length);
            if (!out.hasRemaining()) {
                return;
            }
            from = 0;
        }
    }

    private void taken(int bytes) {
        queuedBytes -= bytes;
        written += bytes;
        while (!queue.isEmpty() && written >= queue.element().length) {
            written -= queue.remove().length;
        }
    }

    boolean isOpen() {
        return socket.isOpen();
    }

    /** Ends the connection without a word. */
    void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // it is as good as closed, and nobody is left to be told
        }
    }
}

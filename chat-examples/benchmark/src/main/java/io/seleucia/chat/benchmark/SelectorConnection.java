package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A connection of {@link SelectorServer}, in whose thread it runs: handshake, frames and queue. */
final class SelectorConnection {
    private static final Pattern KEY = Pattern.compile("(?i)\r\nsec-websocket-key: *(\\S+)\r\n");
    private static final Pattern SUBPROTOCOL = Pattern.compile("(?i)\r\nsec-websocket-protocol: *(\\S+)\r\n");
    private static final byte[] NOTHING = {};

    private final SelectorServer server;
    private final SocketChannel socket;
    private final SelectionKey key;
    private boolean open; // the handshake is done
    private byte[] begun = NOTHING; // an incomplete request or frame
    private final Deque<byte[]> queue = new ArrayDeque<>(2); // unwritten frames
    private int written; // of the first
    private long queuedBytes;
    private boolean announced; // to the server, to be written after this round

    SelectorConnection(SelectorServer server, SocketChannel socket, SelectionKey key) {
        this.server = server;
        this.socket = socket;
        this.key = key;
    }

    /** Handles what has arrived, in a buffer that all connections share. */
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
            // handles the next one
        }
        begun = in.hasRemaining() ? new byte[in.remaining()] : NOTHING;
        in.get(begun);
    }

    /** Answers the handshake. Returns false if it is incomplete. */
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

    /** Handles the next frame. Returns false if it is incomplete. */
    private boolean frame(ByteBuffer in) throws IOException {
        int length = Frames.length(in, true);
        if (length < 0) {
            return false;
        }
        int at = in.position();
        int from = at + Frames.head(in);
        byte[] payload = new byte[length];
        in.get(from, payload);
        for (int i = 0; i < length; i++) {
            payload[i] ^= in.get(from - Frames.MASK_LENGTH + (i & 3));
        }
        in.position(from + length);
        switch (in.get(at) & 0xff) {
            case Frames.TEXT -> server.received(this, new String(payload, StandardCharsets.UTF_8));
            case Frames.PING -> queue(Frames.of(Frames.PONG, payload));
            case Frames.PONG -> {} // unsolicited
            case Frames.CLOSE -> throw new IOException("the peer closes");
            default -> throw new IOException("a frame that is not a whole text");
        }
        return true;
    }

    /** Returns a frame that can be queued for any number of connections. */
    static byte[] frameOf(String text) {
        return Frames.of(Frames.TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Queues a frame, which is written after this round. */
    void queue(byte[] frame) {
        queue.add(frame);
        queuedBytes += frame.length;
        if (!announced) {
            announced = true;
            server.queued(this);
        }
    }

    /** Writes as much of the queue as the socket takes, in a buffer that all connections share. */
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

    void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // closed anyway
        }
    }
}

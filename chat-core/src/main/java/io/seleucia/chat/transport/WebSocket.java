package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.zip.Deflater;

/** A WebSocket connection, server side, after its handshake (RFC 6455 §5 to §7). */
public final class WebSocket implements Connection {
    static final int CONTINUATION = 0x0;
    static final int TEXT = 0x1;
    static final int BINARY = 0x2;
    static final int CLOSE = 0x8;
    static final int PING = 0x9;
    static final int PONG = 0xa;

    private static final int FIN = 0x80;
    private static final int RSV1 = 0x40;
    private static final Framing PLAIN = WebSocket::plain;
    private static final Framing[] DEFLATED = new Framing[16]; // by window bits
    private static final Frame PING_FRAME = control(PING, new byte[0]);
    private static final AtomicLong LAST_NUMBER = new AtomicLong();

    static {
        for (int i = 9; i < DEFLATED.length; i++) {
            int windowBits = i;
            DEFLATED[i] = message -> deflated(message, windowBits);
        }
    }

    private final Wire wire;
    private final FrameReader reader;
    private final Framing framing;
    private final Optional<Context> context;
    private final long number = LAST_NUMBER.incrementAndGet();

    /** What is remembered of earlier messages, with context takeover: the outbound loop's own. */
    private record Context(Deflater deflater, int windowBits) {}

    /**
     * Takes over a wire whose handshake is done.
     *
     * @param agreed what the handshake agreed on
     * @param maxMessageBytes a longer message, in one frame or many, closes the connection with 1009
     */
    public WebSocket(Wire wire, Handshake.Agreed agreed, int maxMessageBytes) {
        this(wire, agreed.compression(), maxMessageBytes);
    }

    WebSocket(Wire wire, Optional<Compression> compression, int maxMessageBytes) {
        this.wire = wire;
        this.reader = new FrameReader(
                wire, maxMessageBytes, compression.map(agreed -> new Inflating(agreed.clientTakeover())));
        this.context = compression
                .filter(Compression::serverTakeover)
                .map(agreed -> new Context(Deflating.borrow(), agreed.serverWindowBits()));
        this.framing = compression.isPresent() && context.isEmpty()
                ? DEFLATED[compression.get().serverWindowBits()]
                : PLAIN;
    }

    @Override
    public void await() throws IOException {
        wire.await();
    }

    @Override
    public Optional<Payload> read(Consumer<Frame> answers) throws IOException {
        return reader.read(answers);
    }

    @Override
    public boolean hasUnread() {
        return wire.hasUnread();
    }

    @Override
    public void write(Frame first, Queue<Frame> waiting) throws IOException {
        if (context.isEmpty()) {
            wire.write(first, waiting::poll);
        } else {
            wire.write(inContext(first), () -> inContext(waiting.poll()));
        }
    }

    /**
     * Frames messages for this peer and all who frame alike. With context takeover they are compressed only as they are
     * written, one after the other, and then by each connection for itself.
     */
    @Override
    public Framing framing() {
        return framing;
    }

    @Override
    public Frame ping() {
        return PING_FRAME;
    }

    /** Once the peer has sent its Close, ours answers with the same code (RFC 6455 §5.5.1). */
    @Override
    public Frame closeFrame(CloseCode code) {
        byte[] answer = reader.closeAnswer();
        if (answer != null) {
            return control(CLOSE, answer);
        }
        byte[] reason = code.reason().getBytes(StandardCharsets.UTF_8);
        return control(
                CLOSE,
                ByteBuffer.allocate(2 + reason.length)
                        .putShort((short) code.code())
                        .put(reason)
                        .array());
    }

    @Override
    public void finish() {
        wire.finish();
    }

    @Override
    public void abort() {
        wire.abort();
    }

    @Override
    public void release() {
        reader.release();
        context.ifPresent(held -> Deflating.giveBack(held.deflater));
    }

    @Override
    public long heardAt() {
        return wire.heardAt();
    }

    @Override
    public long readingSince() {
        return wire.readingSince();
    }

    @Override
    public long messageSince() {
        return reader.messageSince();
    }

    @Override
    public long writingSince() {
        return wire.writingSince();
    }

    @Override
    public String name() {
        return "ws-" + number;
    }

    @Override
    public String peer() {
        return wire.peer();
    }

    static Frame control(int opcode, byte[] payload) {
        return plain(opcode, payload, true);
    }

    private static Frame plain(Payload message) {
        return plain(message.text() ? TEXT : BINARY, message.bytes(), false);
    }

    private static Frame plain(int opcode, byte[] payload, boolean control) {
        return framed(FIN | opcode, payload, payload.length, control);
    }

    /** RFC 7692 §7.2.1, remembering nothing. */
    private static Frame deflated(Payload message, int windowBits) {
        byte[] payload = message.bytes();
        if (payload.length < Deflating.MIN_BYTES) {
            return plain(message);
        }
        Deflater deflater = Deflating.borrow();
        try {
            byte[] deflated = new byte[payload.length];
            int n = Deflating.deflate(deflater, payload, 0, payload.length, windowBits, deflated);
            return n < 0 ? plain(message) : framed(FIN | RSV1 | (message.text() ? TEXT : BINARY), deflated, n, false);
        } finally {
            Deflating.giveBack(deflater);
        }
    }

    /** The same frame compressed, remembering what was compressed before it. */
    private Frame inContext(Frame frame) {
        if (frame == null || frame.control() || frame.length() < Deflating.MIN_BYTES) {
            return frame;
        }
        byte[] bytes = frame.bytes();
        int head = headLength(bytes[1] & 0x7f);
        Context held = context.orElseThrow();
        byte[] deflated = new byte[bytes.length - head];
        int n = Deflating.deflate(held.deflater, bytes, head, bytes.length - head, held.windowBits, deflated);
        if (n < 0) {
            held.deflater.reset(); // it remembers what the peer will not have inflated
            return frame;
        }
        return framed(bytes[0] & 0xff | RSV1, deflated, n, false);
    }

    private static int headLength(int lengthField) {
        return lengthField < 126 ? 2 : lengthField == 126 ? 4 : 10;
    }

    /** RFC 6455 §5.2, unmasked; the payload is copied. */
    private static Frame framed(int first, byte[] payload, int length, boolean control) {
        int lengthField = length < 126 ? length : length <= 0xffff ? 126 : 127;
        ByteBuffer frame = ByteBuffer.allocate(headLength(lengthField) + length)
                .put((byte) first)
                .put((byte) lengthField);
        switch (lengthField) {
            case 126 -> frame.putShort((short) length);
            case 127 -> frame.putLong(length);
            default -> {}
        }
        return new Frame(frame.put(payload, 0, length).array(), control);
    }
}

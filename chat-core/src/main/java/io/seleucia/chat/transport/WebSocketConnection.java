package io.seleucia.chat.transport;

import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.zip.Deflater;

/** A WebSocket connection, server side, after its handshake (RFC 6455 §5 to §7). */
public final class WebSocketConnection extends WireConnection {
    private static final int FIN = 0x80;
    private static final Framing PLAIN = WebSocketConnection::plain;
    private static final Framing[] DEFLATED = new Framing[16]; // by window bits
    private static final Frame PING_FRAME = control(FrameReader.PING, new byte[0]);
    private static final AtomicLong LAST_NUMBER = new AtomicLong();

    static {
        for (int i = 9; i < DEFLATED.length; i++) {
            int windowBits = i;
            DEFLATED[i] = message -> deflated(message, windowBits);
        }
    }

    private final FrameReader reader;
    private final Framing framing;
    private final Optional<Context> context;
    private final long contextBytes; // charged until the connection is released

    /** The memory of earlier messages, with context takeover. Used by the outbound loop only. */
    private record Context(Deflater deflater, int windowBits) {}

    /**
     * Takes over a wire whose handshake is done.
     *
     * @param agreed the result of the handshake
     * @param maxMessageBytes a longer message, in one frame or many, closes the connection with 1009
     */
    public WebSocketConnection(Wire wire, Handshake.Agreed agreed, int maxMessageBytes) {
        this(wire, agreed.compression(), maxMessageBytes);
    }

    WebSocketConnection(Wire wire, Optional<DeflateParameters> compression, int maxMessageBytes) {
        super(wire, "ws", LAST_NUMBER.incrementAndGet());
        this.reader = new FrameReader(
                wire,
                memory,
                maxMessageBytes,
                compression.map(agreed -> new MessageInflater(agreed.clientTakeover())),
                payload -> control(FrameReader.PONG, payload));
        this.context = compression
                .filter(DeflateParameters::serverTakeover)
                .map(agreed -> new Context(MessageDeflater.borrow(), agreed.serverWindowBits()));
        this.contextBytes = compression.map(DeflateParameters::contextBytes).orElse(0L);
        wire.memory().charge(Part.COMPRESSION, contextBytes);
        this.framing = compression.isPresent() && context.isEmpty()
                ? DEFLATED[compression.get().serverWindowBits()]
                : PLAIN;
    }

    @Override
    public void await() throws IOException {
        reader.await();
    }

    @Override
    public Optional<Payload> read(Consumer<Frame> answers) throws IOException {
        return reader.read(answers);
    }

    @Override
    public void write(Frame first, Supplier<Frame> waiting) throws IOException {
        if (context.isEmpty()) {
            super.write(first, waiting);
        } else {
            wire.write(inContext(first), () -> inContext(waiting.get()));
        }
    }

    /** Returns whether writes need not block. With context takeover they compress, which takes long. */
    @Override
    public boolean writesUnblocked() {
        return context.isEmpty() && super.writesUnblocked();
    }

    /** Returns the framing. With context takeover, each connection compresses for itself, as it writes. */
    @Override
    public Framing framing() {
        return framing;
    }

    @Override
    public Frame ping() {
        return PING_FRAME;
    }

    /** Returns a Close: one with the peer's code, if it has sent its own (RFC 6455 §5.5.1). */
    @Override
    public Frame closeFrame(CloseCode code) {
        byte[] answer = reader.closeAnswer();
        if (answer != null) {
            return control(FrameReader.CLOSE, answer);
        }
        byte[] reason = code.reason().getBytes(StandardCharsets.UTF_8);
        return control(
                FrameReader.CLOSE,
                ByteBuffer.allocate(2 + reason.length)
                        .putShort((short) code.code())
                        .put(reason)
                        .array());
    }

    @Override
    public void release() {
        super.release();
        reader.release();
        context.ifPresent(held -> MessageDeflater.giveBack(held.deflater));
        wire.memory().charge(Part.COMPRESSION, -contextBytes);
    }

    @Override
    public long messageSince() {
        return reader.messageSince();
    }

    static Frame control(int opcode, byte[] payload) {
        return plain(opcode, payload, true);
    }

    private static Frame plain(Payload message) {
        return plain(message.text() ? FrameReader.TEXT : FrameReader.BINARY, message.bytes(), false);
    }

    private static Frame plain(int opcode, byte[] payload, boolean control) {
        return framed(FIN | opcode, payload, payload.length, control);
    }

    /** Compresses a message without context takeover (RFC 7692 §7.2.1). */
    private static Frame deflated(Payload message, int windowBits) {
        byte[] payload = message.bytes();
        if (payload.length < MessageDeflater.MIN_BYTES) {
            return plain(message);
        }
        Deflater deflater = MessageDeflater.borrow();
        try {
            byte[] deflated = new byte[payload.length];
            int n = MessageDeflater.deflate(deflater, payload, 0, payload.length, windowBits, deflated);
            return n < 0
                    ? plain(message)
                    : framed(
                            FIN | FrameReader.RSV1 | (message.text() ? FrameReader.TEXT : FrameReader.BINARY),
                            deflated,
                            n,
                            false);
        } finally {
            MessageDeflater.giveBack(deflater);
        }
    }

    /** Compresses a frame with context takeover. */
    private Frame inContext(Frame frame) {
        if (frame == null || frame.control() || frame.length() < MessageDeflater.MIN_BYTES) {
            return frame;
        }
        byte[] bytes = frame.bytes();
        int head = headLength(bytes[1] & 0x7f);
        Context held = context.orElseThrow();
        byte[] deflated = new byte[bytes.length - head];
        int n = MessageDeflater.deflate(held.deflater, bytes, head, bytes.length - head, held.windowBits, deflated);
        if (n < 0) {
            held.deflater.reset(); // it remembers bytes that the peer will never inflate
            return frame;
        }
        return framed(bytes[0] & 0xff | FrameReader.RSV1, deflated, n, false);
    }

    private static int headLength(int lengthField) {
        return lengthField < 126 ? 2 : lengthField == 126 ? 4 : 10;
    }

    /** Frames a payload, which is copied, without a mask (RFC 6455 §5.2). */
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

package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** A WebSocket connection, server side, after its handshake (RFC 6455 §5 to §7). */
public final class WebSocket implements Connection {
    static final int CONTINUATION = 0x0;
    static final int TEXT = 0x1;
    static final int BINARY = 0x2;
    static final int CLOSE = 0x8;
    static final int PING = 0x9;
    static final int PONG = 0xa;

    private static final int FIN = 0x80;
    private static final Framing FRAMING = message -> frame(message.text() ? TEXT : BINARY, message.bytes(), false);
    private static final Frame PING_FRAME = control(PING, new byte[0]);
    private static final AtomicLong LAST_NUMBER = new AtomicLong();

    private final Wire wire;
    private final FrameReader reader;
    private final String name = "ws-" + LAST_NUMBER.incrementAndGet();

    /**
     * Takes over a wire whose handshake is done.
     *
     * @param maxMessageBytes a longer message, in one frame or many, closes the connection with 1009
     */
    public WebSocket(Wire wire, int maxMessageBytes) {
        this.wire = wire;
        this.reader = new FrameReader(wire, maxMessageBytes);
    }

    @Override
    public Payload read(Consumer<Frame> answers) throws IOException {
        return reader.read(answers);
    }

    @Override
    public void write(Frame first, Queue<Frame> waiting) throws IOException {
        wire.write(first, waiting);
    }

    @Override
    public Framing framing() {
        return FRAMING;
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
    public long heardAt() {
        return wire.heardAt();
    }

    @Override
    public long readingSince() {
        return wire.readingSince();
    }

    @Override
    public long writingSince() {
        return wire.writingSince();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String peer() {
        return wire.peer();
    }

    static Frame control(int opcode, byte[] payload) {
        return frame(opcode, payload, true);
    }

    /** RFC 6455 §5.2, final and unmasked. */
    private static Frame frame(int opcode, byte[] payload, boolean control) {
        int n = payload.length;
        int head = n < 126 ? 2 : n <= 0xffff ? 4 : 10;
        ByteBuffer frame = ByteBuffer.allocate(head + n).put((byte) (FIN | opcode));
        switch (head) {
            case 2 -> frame.put((byte) n);
            case 4 -> frame.put((byte) 126).putShort((short) n);
            default -> frame.put((byte) 127).putLong(n);
        }
        return new Frame(frame.put(payload).array(), control);
    }
}

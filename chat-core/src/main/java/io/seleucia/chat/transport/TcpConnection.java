package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A TCP connection whose messages follow their lengths, as in TcpChat: 4 bytes of length, big-endian and unsigned, then a
 * type of 4 bytes and a payload, which make up the message. No frame closes it, only the end of the stream.
 */
public final class TcpConnection extends WireConnection {
    private static final int TYPE_BYTES = 4;
    private static final Framing FRAMING = TcpConnection::framed;
    private static final Frame KEEPALIVE = new Frame(new byte[] {0, 0, 0, TYPE_BYTES, 0, 0, 0, 2}, true);
    private static final Frame NOTHING = new Frame(new byte[0], false);
    private static final AtomicLong LAST_NUMBER = new AtomicLong();

    private static final int PROXY_V1 = 0x50524f58; // the first four bytes of the PROXY protocol, which are no length
    private static final int PROXY_V2 = 0x0d0a0d0a;

    private final int maxMessageBytes;
    private final Duration keepalive;

    /**
     * Takes over a wire.
     *
     * @param maxMessageBytes a longer message, its type included, closes the connection
     * @param keepalive the time after which a keepalive is sent if nothing else was
     */
    public TcpConnection(Wire wire, int maxMessageBytes, Duration keepalive) {
        super(wire, "tcp", LAST_NUMBER.incrementAndGet());
        this.maxMessageBytes = maxMessageBytes;
        this.keepalive = keepalive;
    }

    @Override
    public void await() throws IOException {
        memory.release();
        wire.await();
    }

    @Override
    public Optional<Payload> read(Consumer<Frame> answers) throws IOException {
        int first = wire.read();
        wire.begin();
        int length = first << 24 | wire.read() << 16 | wire.read() << 8 | wire.read();
        if (Integer.compareUnsigned(length, TYPE_BYTES) < 0) {
            throw new ConnectionClosedException(CloseCode.PROTOCOL_ERROR, "a length has no room for a type");
        }
        if (length == PROXY_V1 || length == PROXY_V2) {
            throw new ConnectionClosedException(CloseCode.PROTOCOL_ERROR, HttpHead.PROXY_RULE);
        }
        if (Integer.compareUnsigned(length, maxMessageBytes) > 0) {
            throw new ConnectionClosedException(CloseCode.TOO_LARGE, "a length passes the size limit");
        }
        Payload message = new Payload(false, wire.readAll(length, memory));
        wire.complete();
        return Optional.of(message);
    }

    @Override
    public Framing framing() {
        return FRAMING;
    }

    /** Returns a keepalive: it needs no answer, but a live peer sends its own. */
    @Override
    public Frame ping() {
        return KEEPALIVE;
    }

    @Override
    public Optional<Frame> keepalive(long now) {
        boolean due = writingSince() == 0 && now - wire.wroteAt() >= keepalive.toNanos();
        return due ? Optional.of(KEEPALIVE) : Optional.empty();
    }

    @Override
    public Frame closeFrame(CloseCode code) {
        return NOTHING;
    }

    @Override
    public boolean sendsCloseReason() {
        return false;
    }

    @Override
    public void endOutput() throws IOException {
        wire.endOutput();
    }

    private static Frame framed(Payload message) {
        byte[] bytes = message.bytes();
        return new Frame(
                ByteBuffer.allocate(Integer.BYTES + bytes.length)
                        .putInt(bytes.length)
                        .put(bytes)
                        .array(),
                false);
    }
}

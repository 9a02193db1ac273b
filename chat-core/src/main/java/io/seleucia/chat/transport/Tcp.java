package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A TCP connection whose messages follow their lengths, as TcpChat has it: 4 bytes of length, big-endian and unsigned,
 * then a type of 4 bytes and a payload, which make up the message. There is no last frame: the end of the stream is all
 * there is to say.
 */
public final class Tcp implements Connection {
    private static final int TYPE_BYTES = 4;
    private static final Framing FRAMING = Tcp::framed;
    private static final Frame KEEPALIVE = new Frame(new byte[] {0, 0, 0, TYPE_BYTES, 0, 0, 0, 2}, true);
    private static final Frame NOTHING = new Frame(new byte[0], false);
    private static final AtomicLong LAST_NUMBER = new AtomicLong();

    private final Wire wire;
    private final int maxMessageBytes;
    private final Duration keepalive;
    private final long number = LAST_NUMBER.incrementAndGet();

    /**
     * Takes over a wire.
     *
     * @param maxMessageBytes a longer message, its type included, closes the connection
     * @param keepalive how long nothing may be sent
     */
    public Tcp(Wire wire, int maxMessageBytes, Duration keepalive) {
        this.wire = wire;
        this.maxMessageBytes = maxMessageBytes;
        this.keepalive = keepalive;
        wire.settle();
    }

    @Override
    public void await() throws IOException {
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
        if (Integer.compareUnsigned(length, maxMessageBytes) > 0) {
            throw new ConnectionClosedException(CloseCode.TOO_LARGE, "a length passes the size limit");
        }
        Payload message = new Payload(false, wire.readAll(length));
        wire.complete();
        return Optional.of(message);
    }

    @Override
    public boolean hasUnread() {
        return wire.hasUnread();
    }

    @Override
    public void write(Frame first, Queue<Frame> waiting) throws IOException {
        wire.write(first, waiting::poll);
    }

    @Override
    public Framing framing() {
        return FRAMING;
    }

    /** A keepalive: no answer to it is owed, but a peer that is there sends its own. */
    @Override
    public Frame ping() {
        return KEEPALIVE;
    }

    @Override
    public Optional<Frame> keepalive(long now) {
        boolean due = wire.writingSince() == 0 && now - wire.wroteAt() >= keepalive.toNanos();
        return due ? Optional.of(KEEPALIVE) : Optional.empty();
    }

    @Override
    public Frame closeFrame(CloseCode code) {
        return NOTHING;
    }

    @Override
    public boolean tellsWhy() {
        return false;
    }

    @Override
    public void endOutput() throws IOException {
        wire.endOutput();
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
    public void release() {}

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
        return "tcp-" + number;
    }

    @Override
    public String peer() {
        return wire.peer();
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

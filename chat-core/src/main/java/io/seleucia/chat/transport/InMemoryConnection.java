package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Both ends of a connection within this process. As over a network, each direction has room for {@value #ROOM} bytes, and a
 * writer waits until the other end has read. But its client is never silent.
 *
 * <p>The server's end is the {@link Connection}. {@link #send}, {@link #receive}, {@link #closeCode} and {@link #hangUp} are
 * the client's end, for any thread.
 */
public final class InMemoryConnection implements Connection {
    private static final int ROOM = 64 * 1024;
    private static final byte BINARY = 0;
    private static final byte TEXT = 1;
    private static final byte CLOSE = 2;
    private static final Framing FRAMING =
            message -> framed(message.text() ? TEXT : BINARY, ByteBuffer.wrap(message.bytes()), false);
    private static final AtomicLong LAST_NUMBER = new AtomicLong();

    private final int maxMessageBytes;
    private final long number = LAST_NUMBER.incrementAndGet();

    private final ReentrantLock lock = new ReentrantLock(); // guards all below
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Payload> toServer = new ArrayDeque<>();
    private final ArrayDeque<Payload> toClient = new ArrayDeque<>();
    private int bytesToServer;
    private int bytesToClient;
    private OptionalInt closeCode = OptionalInt.empty(); // for the client, when it has read all
    private boolean hungUp;
    private boolean aborted;
    private volatile long writingSince;
    private Runnable beforeWaiting = () -> {}; // used by the reading thread only

    /** @param maxMessageBytes a longer message closes the connection */
    public InMemoryConnection(int maxMessageBytes) {
        this.maxMessageBytes = maxMessageBytes;
    }

    /**
     * Sends a message from the client. Waits while there is no room.
     *
     * @throws IOException if the connection is closed, or there was no room in time
     */
    public void send(Payload message, Duration patience) throws IOException {
        lock.lock();
        try {
            boolean room = await(() -> isOver() || bytesToServer < ROOM, patience);
            if (isOver()) {
                throw new EOFException("the connection is closed");
            }
            if (!room) {
                throw new IOException("the server has not read what was sent before");
            }
            toServer.add(message);
            bytesToServer += message.bytes().length;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the next message to the client. Returns empty if none came in time, or the connection is over. */
    public Optional<Payload> receive(Duration patience) {
        return locked(() -> {
            await(() -> !toClient.isEmpty() || isOver(), patience);
            Optional<Payload> message = Optional.ofNullable(toClient.poll());
            message.ifPresent(it -> bytesToClient -= it.bytes().length);
            changed.signalAll();
            return message;
        });
    }

    /** Waits for the server's close code. Returns empty if none came in time, or the connection ended without one. */
    public OptionalInt closeCode(Duration patience) {
        return locked(() -> {
            await(this::isOver, patience);
            return closeCode;
        });
    }

    /** Closes the connection from the client's end, behind what it has sent. */
    public void hangUp() {
        change(() -> hungUp = true);
    }

    private boolean isOver() {
        return aborted || hungUp || closeCode.isPresent();
    }

    private void change(Runnable action) {
        locked(() -> {
            action.run();
            changed.signalAll();
            return null;
        });
    }

    private <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    /** Waits under the lock, and returns whether the condition is true then. */
    private boolean await(BooleanSupplier condition, Duration patience) {
        long left = patience.toNanos();
        try {
            while (!condition.getAsBoolean() && left > 0) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // ends the wait, as the end of the time would
        }
        return condition.getAsBoolean();
    }

    @Override
    public void beforeWaiting(Runnable action) {
        beforeWaiting = action;
    }

    @Override
    public void await() {
        if (!hasUnread()) {
            beforeWaiting.run();
        }
        awaitMessage();
    }

    private void awaitMessage() {
        lock.lock();
        try {
            while (toServer.isEmpty() && !isOver()) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<Payload> read(Consumer<Frame> answers) throws IOException {
        lock.lock();
        try {
            awaitMessage();
            Payload message = toServer.poll();
            if (aborted) {
                throw new IOException("the connection was aborted");
            }
            if (message == null) {
                throw new ConnectionClosedException(CloseCode.NORMAL, "the client has closed");
            }
            if (message.bytes().length > maxMessageBytes) {
                throw new ConnectionClosedException(CloseCode.TOO_LARGE, "a message passes the size limit");
            }
            bytesToServer -= message.bytes().length;
            changed.signalAll();
            return Optional.of(message);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean hasUnread() {
        return locked(() -> !toServer.isEmpty());
    }

    @Override
    public void write(Frame first, Supplier<Frame> waiting) throws IOException {
        for (Frame frame = first; frame != null; frame = waiting.get()) {
            ByteBuffer bytes = ByteBuffer.wrap(frame.bytes());
            while (bytes.hasRemaining()) { // one message, or two by followedBy
                byte kind = bytes.get();
                byte[] content = new byte[bytes.getInt()];
                bytes.get(content);
                put(kind, content);
            }
        }
    }

    private void put(byte kind, byte[] content) throws IOException {
        lock.lock();
        try {
            writingSince = System.nanoTime() | 1;
            while (bytesToClient >= ROOM && !aborted && !hungUp) {
                changed.awaitUninterruptibly();
            }
            writingSince = 0;
            if (aborted) {
                throw new IOException("the connection is closed");
            }
            if (hungUp) {
                return; // the client reads no more, but the messages that it had sent before are still handled
            }
            if (kind == CLOSE) {
                closeCode = OptionalInt.of(ByteBuffer.wrap(content).getShort());
            } else {
                toClient.add(new Payload(kind == TEXT, content));
                bytesToClient += content.length;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Framing framing() {
        return FRAMING;
    }

    /** Returns a frame that is never sent, since the peer is never silent. */
    @Override
    public Frame ping() {
        return new Frame(new byte[0], true);
    }

    @Override
    public Frame closeFrame(CloseCode code) {
        ByteBuffer content = ByteBuffer.allocate(Short.BYTES).putShort((short) code.code());
        return framed(CLOSE, content.flip(), false);
    }

    private static Frame framed(byte kind, ByteBuffer content, boolean control) {
        ByteBuffer frame = ByteBuffer.allocate(1 + Integer.BYTES + content.remaining());
        frame.put(kind).putInt(content.remaining()).put(content);
        return new Frame(frame.array(), control);
    }

    @Override
    public void finish() {}

    @Override
    public void abort() {
        change(() -> aborted = true);
    }

    @Override
    public void release() {}

    @Override
    public long lastReadNanos() {
        return System.nanoTime();
    }

    @Override
    public long readingSince() {
        return 0;
    }

    @Override
    public long writingSince() {
        return writingSince;
    }

    @Override
    public String name() {
        return "memory-" + number;
    }

    @Override
    public String peer() {
        return "memory";
    }
}

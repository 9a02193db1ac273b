package io.seleucia.chat.transport;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * The bytes of a connection, buffered, with the clocks that a watchdog reads. One thread reads, one writes at a time; any
 * thread may abort.
 *
 * <p>An idle connection has no buffer. Reads and writes borrow one, and a read gives it back before it waits for bytes, so
 * that a peer that sends half a frame holds none. Large payloads are read into their own arrays.
 */
public final class Wire {
    private static final Logger LOG = System.getLogger(Wire.class.getName());
    private static final int READ_BUFFER = 8 * 1024;
    private static final int WRITE_BUFFER = 64 * 1024;

    /** The memory that is allocated ahead of the bytes received. */
    static final int MAX_GROWTH = 64 * 1024;

    private static final BufferPool READ_BUFFERS = new BufferPool(READ_BUFFER);
    private static final BufferPool WRITE_BUFFERS = new BufferPool(WRITE_BUFFER);
    private static final byte[] NONE = {};

    private final Link link;
    private final WireBytes counted;
    private final MemoryBudget memory;

    private byte[] buffer = NONE; // borrowed, or none
    private int start;
    private int end;
    private boolean drained; // the last read took all that had come
    private Runnable beforeWaiting = () -> {};
    private final int bytesPerSecond;
    private double credit; // bytes that may be read without a pause

    private byte[] rest = NONE; // from restStart on: the part of a frame or a batch that the kernel did not take
    private int restStart;
    private int restCharged;

    private volatile String client = ""; // that a proxy speaks for; empty for the peer itself
    private volatile long lastReadNanos = System.nanoTime();
    private volatile long readingSince;
    private volatile long writingSince;
    private volatile long wroteAt = lastReadNanos;

    /**
     * Takes over a link.
     *
     * @param bytesPerSecond the limit for reading, and the burst
     * @param bytes counts the bytes read and written
     * @param memory the budget to which kept bytes are charged
     */
    Wire(Link link, int bytesPerSecond, WireBytes bytes, MemoryBudget memory) {
        this.link = link;
        this.bytesPerSecond = bytesPerSecond;
        this.credit = bytesPerSecond;
        this.counted = bytes;
        this.memory = memory;
    }

    /**
     * Takes over a connected channel, whose threads a poller wakes. The other parameters are those of the constructor.
     *
     * @throws IOException if the channel is closed already
     */
    public static Wire over(
            SocketChannel channel, Poller poller, int bytesPerSecond, WireBytes bytes, MemoryBudget memory)
            throws IOException {
        return new Wire(new PolledLink(channel, poller), bytesPerSecond, bytes, memory);
    }

    /** Puts back bytes that were read before there was a wire, at most {@value #READ_BUFFER}. Called before the first read. */
    public void unread(byte[] bytes) {
        if (bytes.length > 0) {
            borrow();
            System.arraycopy(bytes, 0, buffer, 0, bytes.length);
            end = bytes.length;
            counted.read(bytes.length);
        }
    }

    /** Names a client as the peer, because the peer is a proxy. */
    public void standFor(InetSocketAddress other) {
        client = other.getAddress().getHostAddress() + ":" + other.getPort();
    }

    /** Performs the handshake of TLS, if there is TLS, before anything else. Blocks until it is done or aborted. */
    public void secure() throws IOException {
        link.secure();
    }

    /** Sets what the reading thread does before it blocks for bytes. */
    void beforeWaiting(Runnable action) {
        beforeWaiting = action;
    }

    /** Returns the budget to which the connection's memory is charged. */
    MemoryBudget memory() {
        return memory;
    }

    /** Returns whether the wire uses TLS. */
    boolean isSecure() {
        return link.isSecure();
    }

    /** Blocks until at least one byte has come. */
    void await() throws IOException {
        if (start == end) {
            fill();
        }
    }

    /** Returns whether the buffer has bytes that are not taken yet. */
    boolean hasUnread() {
        return start < end;
    }

    /** Blocks until the next byte has come, and returns it. */
    int read() throws IOException {
        await();
        return buffer[start++] & 0xff;
    }

    /** Blocks until at least one byte has come, reads at most {@code length} bytes, and returns their number. */
    int read(byte[] target, int offset, int length) throws IOException {
        if (start == end && length >= READ_BUFFER) {
            return readInto(target, offset, length);
        }
        await();
        int n = Math.min(length, end - start);
        System.arraycopy(buffer, start, target, offset, n);
        start += n;
        return n;
    }

    /** Blocks until {@code length} bytes have come, and returns them. Memory, which is charged, grows as they come. */
    byte[] readAll(int length, IncomingMemory charged) throws IOException {
        charged.grow(Math.min(length, MAX_GROWTH));
        byte[] bytes = new byte[Math.min(length, MAX_GROWTH)];
        for (int n = 0; n < length; ) {
            if (n == bytes.length) {
                charged.grow(Math.min(length, 2L * n));
                bytes = Arrays.copyOf(bytes, Math.min(length, 2 * n));
            }
            n += read(bytes, n, bytes.length - n);
        }
        return bytes;
    }

    private void fill() throws IOException {
        start = end = 0; // stays empty if the read fails
        int n = 0;
        if (!drained) {
            borrow();
            n = link.read(buffer, 0, READ_BUFFER);
        }
        while (n == 0) {
            giveBack();
            awaitBytes();
            borrow();
            n = link.read(buffer, 0, READ_BUFFER);
        }
        drained = n < READ_BUFFER;
        end = received(n);
    }

    /** Reads a part of a large payload, past the buffer. */
    private int readInto(byte[] target, int offset, int length) throws IOException {
        giveBack();
        int n = drained ? 0 : link.read(target, offset, length);
        while (n == 0) {
            awaitBytes();
            n = link.read(target, offset, length);
        }
        drained = n < length;
        return received(n);
    }

    /** Blocks until there is something to read. The clock of a frame that has begun stands still before that. */
    private void awaitBytes() throws IOException {
        long since = readingSince;
        if (since == 0) {
            beforeWaiting.run();
        } else {
            long began = System.nanoTime();
            readingSince = 0;
            beforeWaiting.run();
            readingSince = since + System.nanoTime() - began | 1;
        }
        link.await();
    }

    private void borrow() {
        if (buffer == NONE) {
            memory.charge(Part.INCOMING, READ_BUFFER);
            buffer = READ_BUFFERS.borrow();
        }
    }

    private void giveBack() {
        if (buffer != NONE) {
            READ_BUFFERS.giveBack(buffer);
            buffer = NONE;
            memory.charge(Part.INCOMING, -READ_BUFFER);
        }
    }

    private int received(int n) throws IOException {
        if (n < 0) {
            throw new EndOfInputException();
        }
        long now = System.nanoTime();
        counted.read(n);
        throttle(n, now - lastReadNanos);
        lastReadNanos = now;
        return n;
    }

    /** Waits if the peer sends too fast: its own kernel then makes it wait (RFC 9293 §3.8.6). */
    private void throttle(int n, long nanos) {
        credit = Math.min(bytesPerSecond, credit + nanos / 1e9 * bytesPerSecond) - n;
        if (credit < 0) {
            long until = System.nanoTime() + (long) (-credit / bytesPerSecond * 1e9);
            for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
                LockSupport.parkNanos(this, left);
                Thread.interrupted(); // an interrupt concerns a message, and would keep it from parking
            }
        }
    }

    /** Starts the clock of a frame. */
    void begin() {
        readingSince = System.nanoTime() | 1; // 0 means that none has begun
    }

    /** Stops the clock of a frame. The buffer is given back if it has nothing more: handling the frame may take long. */
    void complete() {
        readingSince = 0;
        if (start == end) {
            giveBack();
        }
    }

    /** Writes the rest of what {@link #tryWrite} could not, then a frame and those that the supplier gives, until null. */
    void write(Frame first, Supplier<Frame> waiting) throws IOException {
        writeRest();
        Frame second = waiting.get();
        if (second == null) {
            send(first.bytes(), 0, first.length());
            return;
        }
        memory.charge(Part.QUEUES, WRITE_BUFFER);
        try {
            byte[] batch = WRITE_BUFFERS.borrow();
            int filled = append(first, batch, 0);
            for (Frame next = second; next != null; next = waiting.get()) {
                filled = append(next, batch, filled);
            }
            send(batch, 0, filled);
            WRITE_BUFFERS.giveBack(batch); // a failed write drops it
        } finally {
            memory.charge(Part.QUEUES, -WRITE_BUFFER);
        }
    }

    private int append(Frame frame, byte[] batch, int filled) throws IOException {
        int from = filled;
        if (frame.length() > batch.length - filled) {
            send(batch, 0, filled);
            from = 0;
        }
        if (frame.length() > batch.length) {
            send(frame.bytes(), 0, frame.length());
            return 0;
        }
        System.arraycopy(frame.bytes(), 0, batch, from, frame.length());
        return from + frame.length();
    }

    /** Writes the bytes of a handshake. */
    void write(byte[] bytes) throws IOException {
        send(bytes, 0, bytes.length);
    }

    /** Writes in steps, so that the watchdog sees the progress of a large frame to a slow peer. */
    private void send(byte[] bytes, int from, int to) throws IOException {
        for (int sent = from; sent < to; ) {
            long now = System.nanoTime() | 1;
            writingSince = now;
            wroteAt = now;
            sent += link.write(bytes, sent, to - sent);
        }
        writingSince = 0;
        counted.written(to - from);
    }

    /** Returns whether {@link #tryWrite} works. */
    boolean writesUnblocked() {
        return link.writesUnblocked();
    }

    /**
     * Writes a frame and those that wait behind it, as many as fit into one batch, without blocking. Called by the thread
     * that has the turn of writing.
     *
     * @param waiting returns the next frame, if it is no longer than its parameter; else null
     * @return whether all of them are written; if not, the rest is kept for {@link #write} or {@link #writeRest}
     */
    boolean tryWrite(Frame first, IntFunction<Frame> waiting, WriteBatch batch) throws IOException {
        wroteAt = System.nanoTime();
        if (first.length() > WriteBatch.SIZE) {
            keepRest(first.bytes(), 0);
            return false;
        }
        batch.fill(first, waiting);
        int length = batch.bytes().remaining();
        link.tryWrite(batch.bytes());
        int left = batch.bytes().remaining();
        counted.written(length - left);
        if (left > 0) {
            byte[] frame = batch.single();
            keepRest(frame.length > 0 ? frame : chargedCopy(batch.bytes()), frame.length > 0 ? length - left : 0);
        }
        return left == 0;
    }

    private void keepRest(byte[] bytes, int from) {
        rest = bytes;
        restStart = from;
        writingSince = wroteAt | 1; // from now on the peer is waited for
    }

    private byte[] chargedCopy(ByteBuffer bytes) {
        restCharged = bytes.remaining();
        memory.charge(Part.QUEUES, restCharged);
        byte[] copy = new byte[restCharged];
        bytes.get(copy);
        return copy;
    }

    /** Writes the rest of what {@link #tryWrite} could not, if there is one. Blocks while the peer does not read. */
    void writeRest() throws IOException {
        if (rest != NONE) {
            send(rest, restStart, rest.length);
            releaseRest();
        }
    }

    private void releaseRest() {
        rest = NONE;
        if (restCharged > 0) {
            memory.charge(Part.QUEUES, -restCharged);
            restCharged = 0;
        }
    }

    /** Releases the memory of reading and writing, after both have ended. */
    public void release() {
        giveBack();
        releaseRest();
    }

    /** Ends the output. Called by the thread that writes. */
    void endOutput() throws IOException {
        writingSince = System.nanoTime() | 1;
        link.shutdownOutput();
        writingSince = 0;
    }

    void finish() {
        try {
            link.shutdownOutput();
            while (true) {
                start = end; // the peer may still send; its bytes are discarded
                fill();
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "the end of " + peer() + ": " + e.getMessage());
        }
        giveBack();
        abort();
    }

    /** Closes at once; blocked reads and writes throw. Does not block. */
    public void abort() {
        try {
            link.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "closing the socket of " + peer() + ": " + e.getMessage());
        }
    }

    long lastReadNanos() {
        return lastReadNanos;
    }

    long readingSince() {
        return readingSince;
    }

    long writingSince() {
        return writingSince;
    }

    /** Returns when bytes were last written, or the wire was taken over. */
    long wroteAt() {
        return wroteAt;
    }

    /** Returns the peer's address and port, or those of the client that it speaks for. A port that is not known is 0. */
    public String peer() {
        return client.isEmpty() ? link.peer() : client;
    }
}

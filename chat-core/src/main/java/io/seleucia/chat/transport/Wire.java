package io.seleucia.chat.transport;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import javax.net.ssl.SSLSocket;

/**
 * The two streams of a socket, or of TLS over it, with the clocks that a watchdog reads. One thread reads, one writes at a
 * time; any thread may abort.
 *
 * <p>An idle connection keeps only a tiny read buffer (and TLS keeps its own), with room for a pong or the head of a frame.
 * A busy one has a larger buffer, until it pauses. Large payloads are read into their own arrays. Writes borrow a buffer.
 */
public final class Wire {
    private static final Logger LOG = System.getLogger(Wire.class.getName());
    private static final int IDLE_BUFFER = 16;
    private static final int BUSY_BUFFER = 512;
    private static final int BUSY_READS = 8; // without a pause
    private static final long PAUSE_NANOS = 1_000_000_000L;
    private static final int WRITE_BUFFER = 64 * 1024;

    /** The kernel's own choice can be 4 MB: a slow peer then answers a ping behind that after the deadline. */
    private static final int SEND_BUFFER = 256 * 1024;

    /** The memory that is allocated ahead of the bytes received. */
    static final int MAX_GROWTH = 64 * 1024;

    private static final ArrayBlockingQueue<byte[]> WRITE_BUFFERS = new ArrayBlockingQueue<>(64);

    private final Socket socket;
    private final Socket layer; // TLS over the socket, or the socket itself
    private final TlsHandshakeInput handshake; // the input of TLS; null without TLS
    private final InputStream in;
    private final OutputStream out;
    private final WireBytes counted;
    private final MemoryBudget memory;

    private byte[] buffer = new byte[BUSY_BUFFER];
    private int start;
    private int end;
    private int reads = BUSY_READS; // without a pause, counted up to BUSY_READS
    private final int bytesPerSecond;
    private double credit; // bytes that may be read without a pause

    private volatile long lastReadNanos = System.nanoTime();
    private volatile long readingSince;
    private volatile long writingSince;
    private volatile long wroteAt = lastReadNanos;

    /**
     * Takes over a connected socket.
     *
     * @param bytesPerSecond the limit for reading, and the burst
     * @param bytes counts the bytes read and written
     * @param memory the budget to which kept bytes are charged
     */
    public Wire(Socket socket, int bytesPerSecond, WireBytes bytes, MemoryBudget memory) throws IOException {
        this(socket, socket, null, bytesPerSecond, bytes, memory);
    }

    /** Takes over a layer over a connected socket. Aborting closes the socket, under the layer. */
    Wire(
            Socket socket,
            Socket layer,
            TlsHandshakeInput handshake,
            int bytesPerSecond,
            WireBytes bytes,
            MemoryBudget memory)
            throws IOException {
        socket.setTcpNoDelay(true);
        socket.setSendBufferSize(SEND_BUFFER);
        this.bytesPerSecond = bytesPerSecond;
        this.credit = bytesPerSecond;
        this.socket = socket;
        this.layer = layer;
        this.handshake = handshake;
        this.in = layer.getInputStream();
        this.out = layer.getOutputStream();
        this.counted = bytes;
        this.memory = memory;
    }

    /** Performs the handshake of TLS, if there is TLS, before anything else. Blocks until it is done or aborted. */
    public void secure() throws IOException {
        if (layer instanceof SSLSocket tls) {
            handshake.perform(tls);
            tls.setEnableSessionCreation(false); // forbids renegotiation, which costs a signature each time
        }
    }

    /** Returns the budget to which the connection's memory is charged. */
    MemoryBudget memory() {
        return memory;
    }

    /** Returns whether the wire uses TLS. */
    boolean isSecure() {
        return handshake != null;
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

    /** Shrinks the buffer at the next read: the handshake is over, and the connection may become idle. */
    void settle() {
        reads = 0;
    }

    /** Blocks until the next byte has come, and returns it. */
    int read() throws IOException {
        await();
        return buffer[start++] & 0xff;
    }

    /** Blocks until at least one byte has come, reads at most {@code length} bytes, and returns their number. */
    int read(byte[] target, int offset, int length) throws IOException {
        if (start == end && length >= buffer.length) {
            return received(in.read(target, offset, length));
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
        end = start = 0; // stays empty if the read fails
        int size = reads == BUSY_READS ? BUSY_BUFFER : IDLE_BUFFER;
        if (buffer.length != size) {
            buffer = new byte[size];
        }
        end = received(in.read(buffer, 0, buffer.length));
    }

    private int received(int n) throws IOException {
        if (n < 0) {
            throw new EOFException("the peer closed the connection");
        }
        long now = System.nanoTime();
        long silence = now - lastReadNanos;
        reads = silence > PAUSE_NANOS ? 0 : Math.min(BUSY_READS, reads + 1);
        counted.read(n);
        throttle(n, silence);
        lastReadNanos = now;
        return n;
    }

    /** Waits if the peer sends too fast: its own kernel then makes it wait (RFC 9293 §3.8.6). */
    private void throttle(int n, long nanos) {
        credit = Math.min(bytesPerSecond, credit + nanos / 1e9 * bytesPerSecond) - n;
        if (credit < 0) {
            LockSupport.parkNanos((long) (-credit / bytesPerSecond * 1e9));
        }
    }

    /** Starts the clock of a frame. */
    void begin() {
        readingSince = System.nanoTime() | 1; // 0 means that none has begun
    }

    /** Stops the clock of a frame. */
    void complete() {
        readingSince = 0;
    }

    /** Writes a frame and those that the supplier gives, until it gives null. */
    void write(Frame first, Supplier<Frame> waiting) throws IOException {
        Frame second = waiting.get();
        if (second == null) {
            send(first.bytes(), first.length());
            return;
        }
        memory.charge(Part.QUEUES, WRITE_BUFFER);
        try {
            byte[] batch = WRITE_BUFFERS.poll();
            if (batch == null) {
                batch = new byte[WRITE_BUFFER];
            }
            int filled = append(first, batch, 0);
            for (Frame next = second; next != null; next = waiting.get()) {
                filled = append(next, batch, filled);
            }
            send(batch, filled);
            WRITE_BUFFERS.offer(batch); // a failed write and a full pool drop the buffer
        } finally {
            memory.charge(Part.QUEUES, -WRITE_BUFFER);
        }
    }

    private int append(Frame frame, byte[] batch, int filled) throws IOException {
        int from = filled;
        if (frame.length() > batch.length - filled) {
            send(batch, filled);
            from = 0;
        }
        if (frame.length() > batch.length) {
            send(frame.bytes(), frame.length());
            return 0;
        }
        System.arraycopy(frame.bytes(), 0, batch, from, frame.length());
        return from + frame.length();
    }

    /** Writes the bytes of a handshake. */
    void write(byte[] bytes) throws IOException {
        send(bytes, bytes.length);
    }

    /** Writes in pieces, so that the watchdog sees the progress of a large frame to a slow peer. */
    private void send(byte[] bytes, int length) throws IOException {
        for (int sent = 0; sent < length; ) {
            int n = Math.min(length - sent, WRITE_BUFFER);
            long now = System.nanoTime() | 1;
            writingSince = now;
            wroteAt = now;
            out.write(bytes, sent, n);
            sent += n;
        }
        writingSince = 0;
        counted.written(length);
    }

    /** Ends the output. Called by the thread that writes. */
    void endOutput() throws IOException {
        writingSince = System.nanoTime() | 1;
        layer.shutdownOutput(); // with TLS, its close_notify too
        writingSince = 0;
    }

    void finish() {
        try {
            if (!layer.isOutputShutdown()) {
                layer.shutdownOutput();
            }
            byte[] unread = new byte[BUSY_BUFFER];
            while (in.read(unread) >= 0) {
                // The peer may still send; its bytes are discarded.
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> peer() + " disconnected before the close was complete: " + e.getMessage());
        }
        abort();
    }

    /** Closes at once; blocked reads and writes throw. Does not block. */
    public void abort() {
        try {
            socket.close(); // and not the layer, for SSLSocket.close waits for a writer that is stuck
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

    /** Returns the peer's address and port. */
    public String peer() {
        return socket.getRemoteSocketAddress() instanceof InetSocketAddress address
                ? address.getAddress().getHostAddress() + ":" + address.getPort()
                : "unknown";
    }
}

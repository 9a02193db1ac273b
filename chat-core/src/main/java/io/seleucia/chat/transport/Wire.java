package io.seleucia.chat.transport;

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
 * The two streams of a socket, or of TLS over it, with the clocks that a watchdog reads. One thread reads, one writes at a time;
 * any thread aborts.
 *
 * <p>An idle connection keeps no more than a tiny read buffer (and what TLS keeps), with room for a pong or the head of
 * a frame. One whose bytes come again and again, a handshake's for example, is given a larger one, so that a read gets
 * all of them, until it pauses. Large payloads are read into their own arrays, and writes borrow a buffer for as long
 * as they last.
 */
public final class Wire {
    private static final Logger LOG = System.getLogger(Wire.class.getName());
    private static final int IDLE_BUFFER = 16;
    private static final int BUSY_BUFFER = 512;
    private static final int BUSY_READS = 8; // so many, with no pause between them
    private static final long PAUSE_NANOS = 1_000_000_000L;
    private static final int WRITE_BUFFER = 64 * 1024;

    /**
     * How much the kernel takes ahead of the peer. By itself it takes up to 4 MB: a ping behind that is answered by a slow
     * peer after the deadline for pongs, and a write then blocks for longer than its deadline, although the peer reads.
     */
    private static final int SEND_BUFFER = 256 * 1024;

    /** What is believed of a length before its bytes have come. */
    static final int MAX_GROWTH = 64 * 1024;

    private static final ArrayBlockingQueue<byte[]> WRITE_BUFFERS = new ArrayBlockingQueue<>(64);

    private final Socket socket;
    private final Socket layer; // TLS over the socket, or the socket itself
    private final TlsHandshakeInput handshake; // what TLS reads from; null without TLS
    private final InputStream in;
    private final OutputStream out;
    private final WireBytes counted;

    private byte[] buffer = new byte[BUSY_BUFFER];
    private int start;
    private int end;
    private int reads = BUSY_READS; // with no pause between them, counted up to BUSY_READS
    private final int bytesPerSecond;
    private double credit; // bytes that may be read without a pause

    private volatile long heardAt = System.nanoTime();
    private volatile long readingSince;
    private volatile long writingSince;
    private volatile long wroteAt = heardAt;

    /**
     * Takes over a connected socket.
     *
     * @param bytesPerSecond how fast it is read at the most, after as many bytes at once
     * @param bytes counts what goes over it
     */
    public Wire(Socket socket, int bytesPerSecond, WireBytes bytes) throws IOException {
        this(socket, socket, null, bytesPerSecond, bytes);
    }

    /** Takes over what is layered over a connected socket. To abort is to close the socket, under the layer. */
    Wire(Socket socket, Socket layer, TlsHandshakeInput handshake, int bytesPerSecond, WireBytes bytes)
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
    }

    /**
     * Performs the handshake of TLS, if there is TLS; before anything else. Blocks; who watches over the deadline
     * aborts the wire.
     */
    public void secure() throws IOException {
        if (layer instanceof SSLSocket tls) {
            handshake.during(tls::startHandshake);
            tls.setEnableSessionCreation(false); // this one was all: a client that renegotiates costs a signature each
        }
    }

    /** Returns whether there is TLS. */
    boolean isSecure() {
        return handshake != null;
    }

    /** Blocks until at least one byte has come. */
    void await() throws IOException {
        if (start == end) {
            fill();
        }
    }

    /** Whether bytes are there that were not taken yet. */
    boolean hasUnread() {
        return start < end;
    }

    /** What began the connection is over: it may be idle from now on. */
    void settle() {
        reads = 0;
    }

    /** The next byte, blocking for it. */
    int read() throws IOException {
        if (start == end) {
            fill();
        }
        return buffer[start++] & 0xff;
    }

    /** Blocks until at least one byte has come and reads at most {@code length}; the number read is returned. */
    int read(byte[] target, int offset, int length) throws IOException {
        if (start == end && length >= buffer.length) {
            return heard(in.read(target, offset, length));
        }
        if (start == end) {
            fill();
        }
        int n = Math.min(length, end - start);
        System.arraycopy(buffer, start, target, offset, n);
        start += n;
        return n;
    }

    /** Blocks for so many bytes; memory grows with those that really came. */
    byte[] readAll(int length) throws IOException {
        byte[] bytes = new byte[Math.min(length, MAX_GROWTH)];
        for (int n = 0; n < length; ) {
            if (n == bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.min(length, 2 * n));
            }
            n += read(bytes, n, bytes.length - n);
        }
        return bytes;
    }

    private void fill() throws IOException {
        end = start = 0; // stays empty if the read fails
        fitBuffer();
        end = heard(in.read(buffer, 0, buffer.length));
    }

    private void fitBuffer() {
        int fitting = reads == BUSY_READS ? BUSY_BUFFER : IDLE_BUFFER;
        if (buffer.length != fitting) {
            buffer = new byte[fitting];
        }
    }

    private int heard(int n) throws IOException {
        if (n < 0) {
            throw new EOFException("the peer closed the connection");
        }
        long now = System.nanoTime();
        long silence = now - heardAt;
        reads = silence > PAUSE_NANOS ? 0 : Math.min(BUSY_READS, reads + 1);
        counted.read(n);
        throttle(n, silence);
        heardAt = now;
        return n;
    }

    /** A peer that sends too fast is read later: its own kernel makes it wait (RFC 9293 §3.8.6). */
    private void throttle(int n, long nanos) {
        credit = Math.min(bytesPerSecond, credit + nanos / 1e9 * bytesPerSecond) - n;
        if (credit < 0) {
            LockSupport.parkNanos((long) (-credit / bytesPerSecond * 1e9));
        }
    }

    /** Something has begun that must end in time. */
    void begin() {
        readingSince = System.nanoTime() | 1; // 0 says that nothing has begun
    }

    /** What had begun is complete. */
    void complete() {
        readingSince = 0;
    }

    /** Writes a frame and all that is given meanwhile, until null is. */
    void write(Frame first, Supplier<Frame> waiting) throws IOException {
        Frame second = waiting.get();
        if (second == null) {
            send(first.bytes(), first.length());
            return;
        }
        byte[] batch = WRITE_BUFFERS.poll();
        if (batch == null) {
            batch = new byte[WRITE_BUFFER];
        }
        int filled = append(first, batch, 0);
        for (Frame next = second; next != null; next = waiting.get()) {
            filled = append(next, batch, filled);
        }
        send(batch, filled);
        WRITE_BUFFERS.offer(batch); // a write that failed drops its buffer, and so does a full pool
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

    /** Writes outside of any queue, as a handshake does. */
    void write(byte[] bytes) throws IOException {
        send(bytes, bytes.length);
    }

    /** In pieces, so that a large frame to a slow peer shows its progress. */
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

    /** Tells the peer that nothing more comes, by the thread that writes. */
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
                // The peer has been told that the end has come; what it still says is not for us.
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> peer() + " was gone before the close was complete: " + e.getMessage());
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

    long heardAt() {
        return heardAt;
    }

    long readingSince() {
        return readingSince;
    }

    long writingSince() {
        return writingSince;
    }

    /** When something was last written, or the wire taken over. */
    long wroteAt() {
        return wroteAt;
    }

    /** The peer's address and port. */
    public String peer() {
        return socket.getRemoteSocketAddress() instanceof InetSocketAddress address
                ? address.getAddress().getHostAddress() + ":" + address.getPort()
                : "unknown";
    }
}

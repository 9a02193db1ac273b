package io.seleucia.chat.transport;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;

/**
 * The bytes of a peer below TLS. During its handshake the connection computes in turn with others: it has a turn while it
 * signs and derives keys, and gives it up for as long as it waits for the peer. So a flood of handshakes leaves processors
 * to those who are connected, and a peer that sends nothing holds up nobody. Called by the thread that reads.
 */
final class TlsHandshakeInput extends InputStream {
    private final InputStream in;
    private final Semaphore turns;
    private volatile boolean shaking;

    /** What a handshake does. */
    @FunctionalInterface
    interface Handshaking {
        void run() throws IOException;
    }

    /** @param turns how many handshakes may compute at a time */
    TlsHandshakeInput(InputStream in, Semaphore turns) {
        this.in = in;
        this.turns = turns;
    }

    /** Performs the handshake. Blocks; aborting the connection ends it. */
    void during(Handshaking handshake) throws IOException {
        turns.acquireUninterruptibly();
        shaking = true;
        try {
            handshake.run();
        } finally {
            shaking = false;
            turns.release();
        }
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (!shaking) {
            return in.read(target, offset, length);
        }
        turns.release();
        try {
            return in.read(target, offset, length);
        } finally {
            turns.acquireUninterruptibly();
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int available() throws IOException {
        return in.available();
    }

    /** Does nothing: the JDK closes this at its end, when there may still be something to write. */
    @Override
    public void close() {}
}

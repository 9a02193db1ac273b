package io.seleucia.chat.transport;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;
import javax.net.ssl.SSLSocket;

/**
 * The bytes of a peer below TLS. A handshake holds a permit while it computes, and gives it up while it waits for the peer:
 * a flood of handshakes leaves processors to open connections, and silent peers delay no others. Called by the thread that
 * reads.
 */
final class TlsHandshakeInput extends InputStream {
    private final InputStream in;
    private final Semaphore computing;
    private volatile boolean shaking;

    /** @param computing has a permit for each handshake that may compute at a time */
    TlsHandshakeInput(InputStream in, Semaphore computing) {
        this.in = in;
        this.computing = computing;
    }

    /** Performs the handshake. Blocks until it is done or the connection is aborted. */
    void perform(SSLSocket tls) throws IOException {
        computing.acquireUninterruptibly();
        shaking = true;
        try {
            tls.startHandshake();
        } finally {
            shaking = false;
            computing.release();
        }
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (!shaking) {
            return in.read(target, offset, length);
        }
        computing.release();
        try {
            return in.read(target, offset, length);
        } finally {
            computing.acquireUninterruptibly();
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

    /** Does nothing: the JDK closes this at the end of the input, when there may still be output. */
    @Override
    public void close() {}
}

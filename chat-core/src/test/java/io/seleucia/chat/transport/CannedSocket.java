package io.seleucia.chat.transport;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.Random;

/** A socket without a network: it gives the bytes it was made of in pieces of random size, and keeps what is written. */
final class CannedSocket extends Socket {
    private static final int[] LARGEST_PIECES = {1, 7, 600, Integer.MAX_VALUE};

    private final InputStream in;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    CannedSocket(byte[] bytes, Random random) {
        int largest = LARGEST_PIECES[random.nextInt(LARGEST_PIECES.length)];
        in = new ByteArrayInputStream(bytes) {
            @Override
            public int read(byte[] target, int offset, int length) {
                return super.read(target, offset, Math.min(length, 1 + random.nextInt(largest)));
            }
        };
    }

    byte[] written() {
        return out.toByteArray();
    }

    @Override
    public void setTcpNoDelay(boolean on) {}

    @Override
    public InputStream getInputStream() {
        return in;
    }

    @Override
    public OutputStream getOutputStream() {
        return out;
    }

    @Override
    public void shutdownOutput() {}
}

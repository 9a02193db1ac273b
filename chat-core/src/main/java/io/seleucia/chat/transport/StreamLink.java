package io.seleucia.chat.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import javax.net.ssl.SSLSocket;

/**
 * The two streams of a socket, or of TLS over it. Both threads block in the socket itself.
 *
 * <p>The socket of a channel closes if its thread has been interrupted, even where nothing would block. But an interrupt
 * concerns a message, and not the connection: so it is put aside, and only one that comes while a thread blocks closes.
 */
final class StreamLink implements Link {
    private static final int AHEAD = 16; // room for a pong or the head of a frame
    private static final int LARGEST_WRITE = 64 * 1024; // so that the watchdog sees progress

    private final Socket socket;
    private final Socket layer; // TLS over the socket, or the socket itself
    private final TlsHandshakeInput handshake; // the input of TLS; null without TLS
    private final InputStream in;
    private final OutputStream out;
    private final byte[] ahead = new byte[AHEAD]; // read by await
    private int start;
    private int end; // -1 at the end of the stream

    /** Takes over a connected socket. */
    StreamLink(Socket socket) throws IOException {
        this(socket, socket, null);
    }

    /** Takes over a layer over a connected socket. Closing closes the socket, under the layer. */
    StreamLink(Socket socket, Socket layer, TlsHandshakeInput handshake) throws IOException {
        socket.setTcpNoDelay(true);
        socket.setSendBufferSize(SEND_BUFFER);
        this.socket = socket;
        this.layer = layer;
        this.handshake = handshake;
        this.in = layer.getInputStream();
        this.out = layer.getOutputStream();
    }

    /** An action on the socket. */
    @FunctionalInterface
    private interface Action {
        int run() throws IOException;
    }

    private static int uninterrupted(Action action) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            return action.run();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void secure() throws IOException {
        if (layer instanceof SSLSocket tls) {
            handshake.perform(tls);
            tls.setEnableSessionCreation(false); // forbids renegotiation, which costs a signature each time
        }
    }

    @Override
    public boolean isSecure() {
        return handshake != null;
    }

    @Override
    public void await() throws IOException {
        if (start == end) {
            start = end = 0;
            end = uninterrupted(() -> in.read(ahead, 0, AHEAD));
        }
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (end < 0) {
            return -1;
        }
        int n = Math.min(length, end - start);
        System.arraycopy(ahead, start, target, offset, n);
        start += n;
        int more = Math.min(length - n, in.available());
        return more > 0 ? n + Math.max(0, uninterrupted(() -> in.read(target, offset + n, more))) : n;
    }

    @Override
    public int write(byte[] bytes, int offset, int length) throws IOException {
        int n = Math.min(length, LARGEST_WRITE);
        return uninterrupted(() -> {
            out.write(bytes, offset, n);
            return n;
        });
    }

    @Override
    public void shutdownOutput() throws IOException {
        if (!layer.isOutputShutdown()) {
            uninterrupted(() -> {
                layer.shutdownOutput(); // with TLS, its close_notify too
                return 0;
            });
        }
    }

    @Override
    public void close() throws IOException {
        socket.close(); // and not the layer, for SSLSocket.close waits for a writer that is stuck
    }

    @Override
    public String peer() {
        return socket.getRemoteSocketAddress() instanceof InetSocketAddress address
                ? address.getAddress().getHostAddress() + ":" + address.getPort()
                : "unknown";
    }
}

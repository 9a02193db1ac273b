package io.seleucia.chat.transport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Two connected sockets: the test is the client, the code under test has the server's end. */
final class Loopback implements AutoCloseable {
    private final Socket client;
    private final Socket server;

    Loopback() {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket port = new ServerSocket(0, 1, loopback)) {
            client = new Socket(loopback, port.getLocalPort());
            server = port.accept();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Sends bytes and then the end of the stream, from a thread of its own: whoever wants to read more than these finds
     * an {@link java.io.EOFException} instead of waiting.
     *
     * @return the server's end
     */
    Wire wireOf(byte[] bytes) throws IOException {
        Thread.ofVirtual().start(() -> send(bytes));
        return new Wire(server, Integer.MAX_VALUE, new WireBytes());
    }

    private void send(byte[] bytes) {
        try {
            client.getOutputStream().write(bytes);
            client.shutdownOutput();
        } catch (IOException e) {
            // The test has seen enough and closed. If it has not, it finds the stream cut short.
        }
    }

    /** Ends the server's side and gives all that the client got. */
    byte[] received() throws IOException {
        server.close();
        return client.getInputStream().readAllBytes();
    }

    @Override
    public void close() throws IOException {
        client.close();
        server.close();
    }
}

package io.seleucia.chat.transport;

import io.seleucia.chat.memory.MemoryBudget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Optional;

/** Two connected sockets: the test is the client, the code under test has the server's end. */
final class Loopback implements AutoCloseable {
    /** Admits all clients. */
    static final Handshake.Gate OPEN = (path, authorization, parameters) -> {};

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
        return wireOf(bytes, MemoryBudget.ofBytes(1 << 20));
    }

    /** Does the same with a memory budget of the test's. */
    Wire wireOf(byte[] bytes, MemoryBudget memory) throws IOException {
        Thread.ofVirtual().start(() -> send(bytes));
        return new Wire(new StreamLink(server), Integer.MAX_VALUE, new WireBytes(), memory);
    }

    /** Returns a reader of frames, without a connection around it. */
    static FrameReader reader(Wire wire, int maxMessageBytes, Optional<MessageInflater> inflating) {
        return new FrameReader(
                wire,
                new IncomingMemory(wire.memory()),
                maxMessageBytes,
                inflating,
                payload -> WebSocketConnection.control(FrameReader.PONG, payload));
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

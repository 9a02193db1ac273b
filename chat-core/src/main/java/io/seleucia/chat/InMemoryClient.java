package io.seleucia.chat;

import io.seleucia.chat.message.Payload;
import io.seleucia.chat.transport.InMemory;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A client of a server in the same process, without a port between them: for tests of programs that embed one. What it
 * sends and receives are the messages of its protocol, as they would stand in WebSocket frames.
 *
 * <pre>{@code
 * try (var server = ChatServer.builder().withoutPort().start();
 *         var ada = server.connect("chat.v1")) {
 *     ada.send("{\"id\":1,\"type\":\"ping\"}");
 *     assertEquals("{\"id\":1,\"type\":\"pong\"}", ada.receive());
 * }
 * }</pre>
 *
 * <p>Any thread may call. Nothing waits for longer than {@link #PATIENCE}, unless it is told to.
 */
public final class InMemoryClient implements AutoCloseable {
    /** How long sending and receiving wait: long enough for a machine that has much else to do. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private final InMemory connection;

    InMemoryClient(InMemory connection) {
        this.connection = connection;
    }

    /**
     * Sends a text message.
     *
     * @throws IOException if the connection is closed, or the server did not read
     */
    public void send(String text) throws IOException {
        Objects.requireNonNull(text, "text");
        send(Payload.of(text));
    }

    /** Sends a message, text or binary; see {@link #send(String)}. */
    public void send(Payload message) throws IOException {
        Objects.requireNonNull(message, "message");
        connection.send(message, PATIENCE);
    }

    /**
     * The next message, as text; waits for it.
     *
     * @throws IOException if none came, or the connection was closed before one did
     */
    public String receive() throws IOException {
        return receive(PATIENCE)
                .map(Payload::asString)
                .orElseThrow(() -> new IOException("nothing came within " + PATIENCE + ", or nothing will"));
    }

    /** The next message, waiting for so long; empty if none came. */
    public Optional<Payload> receive(Duration patience) {
        Objects.requireNonNull(patience, "patience");
        return connection.receive(patience);
    }

    /** The code with which the server closed, waiting for that; empty if it did not, or broke off without one. */
    public OptionalInt closeCode() {
        return connection.closeCode(PATIENCE);
    }

    /** Closes, as a client does that has done with it. */
    @Override
    public void close() {
        connection.hangUp();
    }
}

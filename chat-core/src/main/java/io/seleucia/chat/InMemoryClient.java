package io.seleucia.chat;

import io.seleucia.chat.message.Payload;
import io.seleucia.chat.transport.InMemoryConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A client in the same process as its server, without a port between them, for tests of programs that embed a server. It
 * sends and receives the messages of its protocol as they would be in WebSocket frames.
 *
 * <pre>{@code
 * try (var server = ChatServer.builder().withoutPort().start();
 *         var ada = server.connect("chat.v1")) {
 *     ada.send("{\"id\":1,\"type\":\"ping\"}");
 *     assertEquals("{\"id\":1,\"type\":\"pong\"}", ada.receive());
 * }
 * }</pre>
 *
 * <p>Any thread may call all methods. They block for at most {@link #PATIENCE}, unless another time is given.
 */
public final class InMemoryClient implements AutoCloseable {
    /** The longest time that sending and receiving block: 30 seconds, enough for a busy machine. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private final InMemoryConnection connection;

    InMemoryClient(InMemoryConnection connection) {
        this.connection = connection;
    }

    /**
     * Sends a text message.
     *
     * @param text the text
     * @throws IOException if the connection is closed, or the server does not read
     */
    public void send(String text) throws IOException {
        Objects.requireNonNull(text, "text");
        send(Payload.of(text));
    }

    /**
     * Sends a message, text or binary; see {@link #send(String)}.
     *
     * @param message the message
     * @throws IOException if the connection has ended
     */
    public void send(Payload message) throws IOException {
        Objects.requireNonNull(message, "message");
        connection.send(message, PATIENCE);
    }

    /**
     * {@return the next message, as text} Blocks until there is one.
     *
     * @throws IOException if no message came in time, or the connection was closed
     */
    public String receive() throws IOException {
        return receive(PATIENCE)
                .map(Payload::asString)
                .orElseThrow(
                        () -> new IOException("no message came within " + PATIENCE + ", or the connection is closed"));
    }

    /**
     * {@return the next message} Blocks for at most that long; empty if none came.
     *
     * @param patience how long to wait
     */
    public Optional<Payload> receive(Duration patience) {
        Objects.requireNonNull(patience, "patience");
        return connection.receive(patience);
    }

    /** {@return the code with which the server closed} Blocks until then; empty if it did not close, or without a code. */
    public OptionalInt closeCode() {
        return connection.closeCode(PATIENCE);
    }

    /** Closes the connection in the orderly way of a client. */
    @Override
    public void close() {
        connection.hangUp();
    }
}

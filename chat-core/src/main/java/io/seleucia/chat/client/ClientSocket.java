package io.seleucia.chat.client;

import io.seleucia.chat.concurrent.Loop;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * One connection of the JDK's WebSocket client. Its listening methods run in threads of the JDK, one at a time, and only
 * pass on what happened; all else is called by the client's thread, one thing after the other.
 *
 * <p>The next message is asked for at once, unless the window is full: an end of the connection that comes while nothing
 * is asked for is never told by the JDK.
 */
final class ClientSocket implements WebSocket.Listener {
    private static final String SUBPROTOCOL = "chat.v1";
    private static final int MAX_CHARS = 16 * 1024 * 1024; // of a message; the largest pages are far smaller
    private static final int HEAD_CHARS = 4 * 1024; // of one that is larger: enough to tell what it is
    private static final int BROKEN = 1006;

    private final Window window;
    private final Consumer<Happening> happenings;
    private final StringBuilder partial = new StringBuilder();
    private boolean cut; // the message that is being read is too large: only its head is kept
    private volatile WebSocket socket; // set before the client's thread knows this object

    private ClientSocket(Window window, Consumer<Happening> happenings) {
        this.window = window;
        this.happenings = happenings;
    }

    /**
     * Connects and shakes hands; blocks for as long as that at the most. Nothing is read before {@link #request}.
     *
     * @throws IOException if there is no server, or none that speaks chat.v1
     * @throws ExecutionException if the server refuses the handshake, and for all that the JDK has to say
     * @throws TimeoutException if it takes too long
     */
    static ClientSocket open(
            HttpClient http, URI server, Duration timeout, Window window, Consumer<Happening> happenings)
            throws IOException, ExecutionException, TimeoutException, InterruptedException {
        ClientSocket listener = new ClientSocket(window, happenings);
        CompletableFuture<WebSocket> opening = http.newWebSocketBuilder()
                .subprotocols(SUBPROTOCOL)
                .connectTimeout(timeout)
                .buildAsync(server, listener);
        WebSocket opened;
        try {
            opened = opening.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            opening.thenAccept(WebSocket::abort); // should it come about later
            throw e;
        }
        if (!opened.getSubprotocol().equals(SUBPROTOCOL)) {
            opened.abort();
            throw new IOException("the server does not speak chat.v1");
        }
        listener.socket = opened;
        return listener;
    }

    /** Sends a frame. {@link Happening.Sent} follows, and only then may the next one be sent. */
    void send(String text) {
        socket.sendText(text, true).whenComplete((sent, failure) -> {
            Loop.passOn(failure);
            happenings.accept(
                    failure == null
                            ? new Happening.Sent(this)
                            : new Happening.Ended(this, BROKEN, "sending failed: " + failure.getMessage()));
        });
    }

    /** Asks for the first message, or goes on after the window was full. */
    void request() {
        socket.request(1);
    }

    /** Says farewell; what the peer says to that is an {@link Happening.Ended}, if it is read. */
    void close() {
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "")
                .exceptionally(failure -> socket); // it has ended otherwise, which is an end as well
    }

    /** Ends the connection at once. */
    void abort() {
        socket.abort();
    }

    @Override
    public void onOpen(WebSocket opened) {
        // Nothing is asked for here, unlike what the JDK does by itself: the client's thread does that.
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
        int room = Math.max(0, (cut ? HEAD_CHARS : MAX_CHARS) - partial.length());
        partial.append(text, 0, Math.min(room, text.length()));
        if (room < text.length()) {
            cut = true;
            partial.setLength(Math.min(partial.length(), HEAD_CHARS));
        }
        if (!last) {
            happenings.accept(new Happening.Heard(this, text.length()));
        }
        boolean more = !last || received();
        if (more) {
            from.request(1);
        }
        return null;
    }

    /** Passes a message on, or the head of one, which can't be read; whether there is room for another. */
    private boolean received() {
        cut = false;
        String text = partial.toString();
        partial.setLength(0);
        window.take(2 * text.length());
        boolean more = window.hasRoom();
        happenings.accept(new Happening.Received(this, text, more));
        return more;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket from, ByteBuffer bytes, boolean last) {
        happenings.accept(new Happening.Ended(this, BROKEN, "the server sent binary data"));
        return null;
    }

    @Override
    public CompletionStage<?> onPing(WebSocket from, ByteBuffer message) {
        happenings.accept(new Happening.Heard(this, 0)); // the JDK answers it
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        happenings.accept(new Happening.Ended(this, code, reason));
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
        Loop.passOn(failure); // also what has failed above, which the JDK catches
        happenings.accept(new Happening.Ended(this, BROKEN, "the connection broke: " + failure.getMessage()));
    }
}

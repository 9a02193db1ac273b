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
import java.util.function.BiConsumer;

/**
 * A connection of the JDK's WebSocket client. Its listening methods run in threads of the JDK, one at a time, and only report
 * events. The client's thread calls all other methods.
 *
 * <p>The next message is requested at once, unless the window is full: the JDK never reports the end of a connection while
 * none is requested.
 */
final class ClientWebSocket implements ClientSocket, WebSocket.Listener {
    private static final String SUBPROTOCOL = "chat.v1";
    private static final int MAX_CHARS = 16 * 1024 * 1024; // of a message; the largest pages are far smaller
    private static final int HEAD_CHARS = 4 * 1024; // of a larger one: enough to recognise it
    private static final int BROKEN = 1006;

    private final Window window;
    private final BiConsumer<ClientSocket, Report> reports;
    private final StringBuilder partial = new StringBuilder();
    private boolean cut; // only the head of the message is kept, because it is too large
    private volatile WebSocket socket; // set before the client's thread knows this object

    private ClientWebSocket(Window window, BiConsumer<ClientSocket, Report> reports) {
        this.window = window;
        this.reports = reports;
    }

    /**
     * Connects. Blocks until the handshake is done, or the timeout. Nothing is read before {@link #request}.
     *
     * @throws IOException if the server does not speak chat.v1
     * @throws ExecutionException if there is no connection, or the server refuses the handshake
     * @throws TimeoutException if it takes too long
     */
    static ClientWebSocket open(
            HttpClient http, URI server, Duration timeout, Window window, BiConsumer<ClientSocket, Report> reports)
            throws IOException, ExecutionException, TimeoutException, InterruptedException {
        ClientWebSocket listener = new ClientWebSocket(window, reports);
        CompletableFuture<WebSocket> opening = http.newWebSocketBuilder()
                .subprotocols(SUBPROTOCOL)
                .connectTimeout(timeout)
                .buildAsync(server, listener);
        WebSocket opened;
        try {
            opened = opening.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            opening.thenAccept(WebSocket::abort); // if it opens later
            throw e;
        }
        if (!opened.getSubprotocol().equals(SUBPROTOCOL)) {
            opened.abort();
            throw new IOException(ClientCodec.NO_CHAT_V1);
        }
        listener.socket = opened;
        return listener;
    }

    @Override
    public void send(String text) {
        socket.sendText(text, true).whenComplete((sent, failure) -> {
            Loop.passOn(failure);
            report(failure == null ? new Sent() : new Ended(BROKEN, "sending failed: " + failure.getMessage()));
        });
    }

    @Override
    public void request() {
        socket.request(1);
    }

    /** {@inheritDoc} Sends a Close. The server's answer is reported, if it is read. */
    @Override
    public void close() {
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "")
                .exceptionally(failure -> socket); // the connection has ended before
    }

    @Override
    public void abort() {
        socket.abort();
    }

    @Override
    public boolean isWebSocket() {
        return true;
    }

    @Override
    public void onOpen(WebSocket opened) {
        // The JDK's own method would request a message; here the client's thread does that.
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
            report(new Heard(text.length()));
        }
        if (!last || received()) {
            from.request(1);
        }
        return null;
    }

    private void report(Report report) {
        reports.accept(this, report);
    }

    /** Reports a message, or the head of a large one. Returns whether there is room for another. */
    private boolean received() {
        cut = false;
        String text = partial.toString();
        partial.setLength(0);
        window.take(2 * text.length());
        boolean more = window.hasRoom();
        report(new Received(text, more));
        return more;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket from, ByteBuffer bytes, boolean last) {
        report(new Ended(BROKEN, "the server sent binary data"));
        return null;
    }

    @Override
    public CompletionStage<?> onPing(WebSocket from, ByteBuffer message) {
        report(new Heard(0)); // the JDK answers it
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        report(new Ended(code, reason));
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
        Loop.passOn(failure); // it may be thrown by a method above
        report(new Ended(BROKEN, "the connection broke: " + failure.getMessage()));
    }
}

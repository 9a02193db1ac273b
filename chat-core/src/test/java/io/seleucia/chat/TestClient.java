package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.message.Payload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;

/** A WebSocket client for tests, on the JDK's own implementation; speaks ctesiphon where it is asked to. */
public final class TestClient implements WebSocket.Listener, AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;
    private static final Duration PATIENCE = Duration.ofSeconds(PATIENCE_SECONDS);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final LinkedBlockingQueue<String> received = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final StringBuilder partial = new StringBuilder();
    private WebSocket socket;
    private Optional<InMemoryClient> memory = Optional.empty(); // in place of the socket, as the next
    private Optional<StreamClient> stream = Optional.empty();

    private TestClient() {}

    /** Has the same over a connection within the process. */
    static TestClient over(InMemoryClient connection) {
        TestClient client = new TestClient();
        client.memory = Optional.of(connection);
        return client;
    }

    /** Has the same over HTTP. */
    static TestClient over(StreamClient stream) {
        TestClient client = new TestClient();
        client.stream = Optional.of(stream);
        return client;
    }

    /** Connects without a subprotocol. */
    public static TestClient connect(int port) throws Exception {
        TestClient client = new TestClient();
        client.socket = HTTP.newWebSocketBuilder()
                .buildAsync(URI.create("ws://localhost:" + port + "/"), client)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return client;
    }

    /** Connects over TLS, trusting whom the context trusts. */
    public static TestClient connect(int port, SSLContext trusting) throws Exception {
        TestClient client = new TestClient();
        client.socket = HttpClient.newBuilder()
                .sslContext(trusting)
                .build()
                .newWebSocketBuilder()
                .buildAsync(URI.create("wss://localhost:" + port + "/"), client)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return client;
    }

    /** Connects with a subprotocol. */
    public static TestClient connect(int port, String subprotocol) throws Exception {
        return connect(port, subprotocol, "/any/path");
    }

    /** Connects with a subprotocol, to a path, which may have a query. */
    public static TestClient connect(int port, String subprotocol, String target) throws Exception {
        TestClient client = new TestClient();
        client.socket = HTTP.newWebSocketBuilder()
                .subprotocols(subprotocol)
                .buildAsync(URI.create("ws://localhost:" + port + target), client)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(client.socket.getSubprotocol()).isEqualTo(subprotocol);
        return client;
    }

    /** Connects with a subprotocol and the field {@code Authorization}. */
    public static TestClient connect(int port, String subprotocol, String target, String authorization)
            throws Exception {
        TestClient client = new TestClient();
        client.socket = HTTP.newWebSocketBuilder()
                .subprotocols(subprotocol)
                .header("Authorization", authorization)
                .buildAsync(URI.create("ws://localhost:" + port + target), client)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return client;
    }

    /** Connects to a path, without a subprotocol. */
    public static TestClient connectTo(int port, String target) throws Exception {
        TestClient client = new TestClient();
        client.socket = HTTP.newWebSocketBuilder()
                .buildAsync(URI.create("ws://localhost:" + port + target), client)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return client;
    }

    /** Connects, subscribes to a channel and waits for the reply. */
    public static TestClient member(int port, String client, String channel) throws Exception {
        return connect(port).join(client, channel);
    }

    /** Subscribes to a channel and waits for the reply. */
    public TestClient join(String client, String channel) throws InterruptedException {
        subscribe(client, channel);
        assertThat(nextResult()).isEqualTo("Subscribed to channel : " + channel + " SUCCESSFULLY !");
        return this;
    }

    public TestClient send(String text) {
        try {
            if (memory.isPresent()) {
                memory.get().send(text);
            } else if (stream.isPresent()) {
                stream.get().send(text);
            } else {
                socket.sendText(text, true).join();
            }
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public TestClient sendBinary(byte[] bytes) {
        socket.sendBinary(ByteBuffer.wrap(bytes), true).join();
        return this;
    }

    public TestClient subscribe(String client, String channel) {
        return send(request(0, payload(client, channel)));
    }

    public TestClient unsubscribe(String client, String channel) {
        return send(request(1, payload(client, channel)));
    }

    public TestClient publish(String client, String channel, String text) {
        JsonObject payload = payload(client, channel);
        payload.addProperty("Message", text);
        return send(request(3, payload));
    }

    /** The next text frame, whatever it is. */
    public String next() throws InterruptedException {
        String text = memory.isPresent()
                ? memory.get().receive(PATIENCE).map(Payload::asString).orElse(null)
                : stream.isPresent() ? stream.get().next() : received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(text)
                .as("a frame within %s s; the close code is %s", PATIENCE_SECONDS, closed.getNow(0))
                .isNotNull();
        return text;
    }

    /** The payload of the next frame, which must be a result. */
    public String nextResult() throws InterruptedException {
        JsonObject frame = JsonParser.parseString(next()).getAsJsonObject();
        assertThat(frame.get("Kind").getAsInt()).isEqualTo(100);
        return frame.get("Payload").getAsString();
    }

    /** Proves that nothing came before this: asks for the channels, and the answer must be the next frame. */
    public void expectNothingElse() throws InterruptedException {
        send("{\"Kind\":4}");
        assertThat(next()).startsWith("{\"Kind\":100,\"Payload\":\"[");
    }

    /** The code with which the server closes, -1 if the connection breaks without one. */
    public int closeCode() throws Exception {
        if (stream.isPresent()) {
            return stream.get().closing().get("code").getAsInt();
        }
        return memory.isPresent()
                ? memory.get().closeCode().orElse(-1)
                : closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Vanishes without a word. */
    public void abort() {
        if (stream.isPresent()) {
            stream.get().close();
            return;
        }
        socket.abort();
    }

    @Override
    public void close() {
        if (memory.isPresent()) {
            memory.get().close();
            return;
        }
        if (stream.isPresent()) {
            stream.get().close();
            return;
        }
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "")
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
        closed.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    public static String request(int kind, JsonObject payload) {
        JsonObject request = new JsonObject();
        request.addProperty("Kind", kind);
        request.addProperty("Payload", payload.toString());
        return request.toString();
    }

    static JsonObject payload(String client, String channel) {
        JsonObject payload = new JsonObject();
        payload.addProperty("ClientId", client);
        payload.addProperty("Channel", channel);
        return payload;
    }

    @Override
    public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
        partial.append(data);
        if (last) {
            received.add(partial.toString());
            partial.setLength(0);
        }
        webSocket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
        closed.complete(statusCode);
        return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
        closed.complete(-1);
    }
}

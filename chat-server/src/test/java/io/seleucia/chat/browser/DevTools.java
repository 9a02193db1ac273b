package io.seleucia.chat.browser;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The connection to a browser: calls with their answers, and events. Pages are sessions on it. Any thread calls; the
 * client's thread delivers answers and events, and must not be blocked by who listens.
 */
final class DevTools implements WebSocket.Listener, AutoCloseable {
    private final WebSocket socket;
    private final AtomicInteger lastId = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonObject>> calls = new ConcurrentHashMap<>();
    private final Map<String, Consumer<JsonObject>> listeners = new ConcurrentHashMap<>();
    private final StringBuilder incoming = new StringBuilder(); // the client's thread's own
    private final ReentrantLock lock = new ReentrantLock(); // guards sent
    private CompletableFuture<?> sent = CompletableFuture.completedFuture(null);

    DevTools(URI address) {
        socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(address, this)
                .orTimeout(Browser.PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    /** Listens to the events of a session; from then on, for all of its life. */
    void listen(String session, Consumer<JsonObject> listener) {
        listeners.put(session, listener);
    }

    void forget(String session) {
        listeners.remove(session);
    }

    /**
     * Calls a method and waits for its result.
     *
     * @param session a page's, or empty for the browser itself
     * @throws IllegalStateException if the browser answers with an error
     */
    JsonObject call(String session, String method, JsonObject parameters) {
        int id = lastId.incrementAndGet();
        JsonObject request = new JsonObject();
        request.addProperty("id", id);
        request.addProperty("method", method);
        request.add("params", parameters);
        if (!session.isEmpty()) {
            request.addProperty("sessionId", session);
        }
        CompletableFuture<JsonObject> answer = new CompletableFuture<>();
        calls.put(id, answer);
        send(request.toString());
        JsonObject answered = answer.orTimeout(Browser.PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .whenComplete((result, failure) -> calls.remove(id))
                .join();
        if (answered.has("error")) {
            throw new IllegalStateException(method + ": " + answered.get("error"));
        }
        return answered.getAsJsonObject("result");
    }

    /** One after the other, as the client demands. */
    private void send(String text) {
        lock.lock();
        try {
            sent = sent.thenCompose(before -> socket.sendText(text, true));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
        incoming.append(data);
        if (last) {
            JsonObject message = JsonParser.parseString(incoming.toString()).getAsJsonObject();
            incoming.setLength(0);
            deliver(message);
        }
        webSocket.request(1);
        return null;
    }

    private void deliver(JsonObject message) {
        if (message.has("id")) {
            Optional.ofNullable(calls.get(message.get("id").getAsInt())).ifPresent(call -> call.complete(message));
        } else if (message.has("sessionId")) {
            Optional.ofNullable(listeners.get(message.get("sessionId").getAsString()))
                    .ifPresent(listener -> listener.accept(message));
        }
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
        calls.values().forEach(call -> call.completeExceptionally(error));
    }

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
        onError(webSocket, new IllegalStateException("the browser has ended"));
        return null;
    }

    @Override
    public void close() {
        socket.abort();
    }
}

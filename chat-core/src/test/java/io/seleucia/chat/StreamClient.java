package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client over HTTP for tests, on the JDK's own implementation: a stream down, numbered POSTs up. */
public final class StreamClient implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(java.time.Duration.ofSeconds(PATIENCE_SECONDS))
            .build();

    /** An event of the stream, with its comments left out. */
    public record Event(String id, String name, String data) {}

    private final LinkedBlockingQueue<Event> received = new LinkedBlockingQueue<>();
    private final CompletableFuture<JsonObject> closed = new CompletableFuture<>();
    private final HttpResponse<InputStream> stream;
    private final boolean quoted;
    private Optional<JsonObject> opening = Optional.empty();
    private URI sendTo; // the server that POSTs go to
    private long last; // the number of the last POST

    private StreamClient(URI server, String target, String accept, boolean quoted, String... fields)
            throws IOException, InterruptedException {
        this.sendTo = server;
        this.quoted = quoted;
        HttpRequest.Builder request =
                HttpRequest.newBuilder(server.resolve(target)).header("Accept", accept);
        for (int i = 0; i < fields.length; i += 2) {
            request.header(fields[i], fields[i + 1]);
        }
        stream = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        assertThat(stream.statusCode()).isEqualTo(200);
        assertThat(stream.headers().firstValue("Content-Type")).hasValue(accept);
        Thread.ofVirtual().name("stream").start(accept.endsWith("ndjson") ? this::readLines : this::readEvents);
    }

    /** Opens a session of a protocol over server-sent events. */
    public static StreamClient events(URI server, String protocol, boolean quoted) throws Exception {
        return new StreamClient(server, "/http/" + protocol, "text/event-stream", quoted).opened();
    }

    /** Opens a session of a protocol over lines of JSON. */
    public static StreamClient lines(URI server, String protocol) throws Exception {
        return new StreamClient(server, "/http/" + protocol, "application/x-ndjson", false).opened();
    }

    /** Reads a channel. */
    public static StreamClient reader(URI server, String channel, String... fields) throws Exception {
        return new StreamClient(server, "/http/channel/" + channel, "text/event-stream", false, fields);
    }

    private StreamClient opened() throws InterruptedException {
        Event first = nextEvent();
        assertThat(first.name()).isEqualTo("open");
        opening = Optional.of(JsonParser.parseString(first.data()).getAsJsonObject());
        return this;
    }

    /** The key of the session. */
    public String session() {
        return opening.orElseThrow().get("session").getAsString();
    }

    /** The path that POSTs go to. */
    String sendsTo() {
        return opening.orElseThrow().get("send").getAsString();
    }

    /** Sends what follows to another server of the same chat. */
    public StreamClient sendingTo(URI server) {
        sendTo = server;
        return this;
    }

    /** Sends a frame, which must be carried out. */
    public void send(String frame) throws IOException {
        try {
            HttpResponse<String> answer = post(++last, frame + "\n");
            while (answer.statusCode() == 503) { // and so to be repeated
                answer = post(last, frame + "\n");
            }
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(204);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** Sends a POST, and returns its answer. */
    public HttpResponse<String> post(long number, String body) throws IOException, InterruptedException {
        return postTo(sendTo, number, body);
    }

    /** Sends a POST to a server. */
    HttpResponse<String> postTo(URI server, long number, String body) throws IOException, InterruptedException {
        return post(server.resolve(opening.orElseThrow().get("send").getAsString() + "?n=" + number), body);
    }

    /** Sends a POST with another key. */
    HttpResponse<String> postAs(String key, long number, String body) throws IOException, InterruptedException {
        return post(sendTo.resolve("/http/send/" + key + "?n=" + number), body);
    }

    private static HttpResponse<String> post(URI to, String body) throws IOException, InterruptedException {
        return HTTP.send(
                HttpRequest.newBuilder(to)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** The next frame; null if none comes in time. */
    public String next() throws InterruptedException {
        Event event = received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return event == null ? null : event.data();
    }

    /** The next event. */
    public Event nextEvent() throws InterruptedException {
        Event event = received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(event).as("an event within %s s", PATIENCE_SECONDS).isNotNull();
        return event;
    }

    /** The data of the event that ends the stream. */
    public JsonObject closing() throws Exception {
        return closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private void readEvents() {
        String name = "";
        String id = "";
        StringBuilder data = new StringBuilder();
        try (BufferedReader in = reader()) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.startsWith("event: ")) {
                    name = line.substring(7);
                } else if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("data: ")) {
                    data.append(line, 6, line.length());
                } else if (line.isEmpty() && (!data.isEmpty() || !id.isEmpty())) {
                    take(id, name, quoted && name.isEmpty() ? unquoted(data.toString()) : data.toString());
                    name = id = "";
                    data.setLength(0);
                }
            }
        } catch (IOException e) {
            // the server has aborted the stream, or the client has
        }
        closed.completeExceptionally(new IOException("the stream ended without a word"));
    }

    private static String unquoted(String json) {
        return JsonParser.parseString(json).getAsString();
    }

    private void readLines() {
        try (BufferedReader in = reader()) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                JsonObject object = JsonParser.parseString(line).getAsJsonObject();
                if (object.has("frame")) {
                    take("", "", object.get("frame").getAsString());
                } else {
                    for (String name : object.keySet()) {
                        take("", name, object.get(name).toString());
                    }
                }
            }
        } catch (IOException e) {
            // as above
        }
        closed.completeExceptionally(new IOException("the stream ended without a word"));
    }

    private BufferedReader reader() {
        return new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8));
    }

    private void take(String id, String name, String data) {
        if (name.equals("close")) {
            closed.complete(JsonParser.parseString(data).getAsJsonObject());
        } else if (!data.equals("true")) { // else a comment
            received.add(new Event(id, name, data));
        }
    }

    @Override
    public void close() {
        try {
            stream.body().close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}

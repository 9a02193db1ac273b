package io.seleucia.chat.server.management;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A client that sends exactly what it is told to, with whatever headers, over a connection for each request. */
public final class Http {
    private static final int PATIENCE_MILLIS = 60_000;
    private static final Pattern ANSWER =
            Pattern.compile("HTTP/1\\.1 (\\d+) [^\r]*\r\n(.*?)\r\n\r\n(.*)", Pattern.DOTALL);

    private final int port;
    private final List<String> always = new ArrayList<>();

    /** What came back. */
    public record Reply(int status, String headers, String body) {
        /** Its body, which must be an object. */
        public JsonObject json() {
            return JsonParser.parseString(body).getAsJsonObject();
        }

        String error() {
            return json().get("error").getAsString();
        }
    }

    public Http(int port) {
        this.port = port;
    }

    /** Sends a header with each request. */
    Http with(String header) {
        always.add(header);
        return this;
    }

    public Reply get(String path, String... headers) throws IOException {
        return send("GET", path, "", headers);
    }

    public Reply post(String path, String json) throws IOException {
        return send("POST", path, json, "Content-Type: application/json");
    }

    Reply send(String method, String path, String body, String... headers) throws IOException {
        List<String> head = new ArrayList<>(List.of(headers));
        head.addAll(always);
        if (head.stream().noneMatch(header -> header.startsWith("Host:"))) {
            head.add("Host: localhost:" + port);
        }
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        if (!body.isEmpty()) {
            head.add("Content-Length: " + bytes.length);
        }
        head.add("Connection: close");
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            String request = method + " " + path + " HTTP/1.1\r\n" + String.join("\r\n", head) + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().write(bytes);
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            Matcher matcher = ANSWER.matcher(answer);
            assertThat(matcher.matches()).as(answer).isTrue();
            return new Reply(Integer.parseInt(matcher.group(1)), matcher.group(2), matcher.group(3));
        }
    }
}

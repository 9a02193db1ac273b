package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pages and WebSockets on one port, with the limits that hold for all connections. */
class PagesOnThePortTest {
    private static final byte[] REQUEST =
            "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    private Path directory;

    private static ChatServerBuilder server(int bytes) {
        return ChatServer.builder().port(0).page("/large", "application/octet-stream", new byte[bytes]);
    }

    @Test
    void servesPagesAndWebSocketsAtOnce() throws Exception {
        try (ChatServer server = server(100_000).start();
                TestClient client = TestClient.member(server.port(), "ada", "lobby")) {
            HttpResponse<byte[]> page = get(HttpClient.newHttpClient(), "http", server.port());

            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.body()).hasSize(100_000);
            assertThat(server.sessions()).hasSize(1);
            client.publish("ada", "lobby", "hi");
            assertThat(client.next()).endsWith("Message : hi");
        }
    }

    @Test
    void servesPagesOverTls() throws Exception {
        TestKey key = TestKey.make(directory.resolve("key.p12"), "EC");
        try (ChatServer server = server(100_000)
                        .tlsKeystore(key.keystore(), key.passwordFile())
                        .start();
                HttpClient client =
                        HttpClient.newBuilder().sslContext(key.trusting()).build()) {
            assertThat(get(client, "https", server.port()).body()).hasSize(100_000);
        }
    }

    @Test
    void sharesPagesWithAllowedOriginsOnly() throws Exception {
        try (ChatServer server = server(1)
                        .allowedOrigins(Set.of("https://*.chat.example"))
                        .start();
                HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + "/large"));
            for (String origin : List.of("https://www.chat.example", "https://evil.example")) {
                HttpResponse<byte[]> page = client.send(
                        request.copy().header("Origin", origin).build(), HttpResponse.BodyHandlers.ofByteArray());
                assertThat(page.statusCode()).isEqualTo(200);
                assertThat(page.headers().allValues("Access-Control-Allow-Origin"))
                        .isEqualTo(origin.contains("evil") ? List.of() : List.of(origin));
                assertThat(page.headers().allValues("Vary")).containsExactly("Origin");
                assertThat(page.headers().map()).doesNotContainKey("access-control-allow-credentials");
            }
        }
    }

    private static HttpResponse<byte[]> get(HttpClient client, String scheme, int port)
            throws IOException, InterruptedException {
        URI address = URI.create(scheme + "://localhost:" + port + "/large");
        return client.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    @Test
    void cutsOffWhoDoesNotReadAPage() throws Exception {
        Limits limits = Limits.DEFAULT.withHandshakeTimeout(Duration.ofSeconds(1));
        try (VirtualThreads threads = new VirtualThreads(directory);
                LoggedLines log = new LoggedLines();
                ChatServer server = server(64 * 1024 * 1024).limits(limits).start()) {
            long before = threads.count();
            try (RawClient slow = RawClient.connect(server.port()).send(REQUEST);
                    RawClient silent = RawClient.connect(server.port()).send(REQUEST)) {
                assertThat(slow.readLine()).startsWith("HTTP/1.1 200 ");

                eventually(() -> assertThat(threads.count()).isLessThanOrEqualTo(before));
                slow.awaitEnd();
                silent.awaitEnd();
            }
            assertThat(log.lines()).isEmpty();
        }
    }

    @Test
    void countsThemAsConnections() throws Exception {
        Limits limits = Limits.DEFAULT.withMaxConnections(1);
        try (ChatServer server = server(1).limits(limits).start();
                RawClient member = RawClient.member(server.port(), "ada", "lobby");
                RawClient second = RawClient.connect(server.port()).send(REQUEST)) {
            assertThat(second.readLine()).startsWith("HTTP/1.1 503 ");
            member.closePolitely();
            eventually(() -> assertThat(server.sessions()).isEmpty());
        }
    }
}

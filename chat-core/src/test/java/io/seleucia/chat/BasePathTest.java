package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.client.ChatClient;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server below a path, which a proxy may have removed from requests or not. */
class BasePathTest {
    private final ChatServer server;

    @TempDir
    private Path directory;

    BasePathTest() throws IOException {
        server = ChatServer.builder()
                .port(0)
                .basePath("/our/chat/")
                .page("/", "text/plain", new byte[0])
                .page("/our", "text/plain", new byte[0])
                .webSocket("/echo", (socket, message) -> socket.send(message))
                .start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource({
        "GET /our/chat/, 200",
        "GET /, 200",
        "HEAD /our/chat/?a=b, 200",
        "GET /our/chat/our, 200",
        "GET /our, 200",
        "GET http://localhost/our/chat/, 200",
        "GET /our/chat, 307",
        "HEAD /our/chat?a=b, 307",
        "GET /our/chatter, 404",
        "GET /our/chat/our/chat/, 404",
        "GET /our/chat//, 404",
        "GET /OUR/chat/, 404",
        "GET /our/chat/http/unknown, 404",
        "GET /our/chat/http/channel/%ff, 400",
        "OPTIONS /our/chat/http/chat.v1, 204"
    })
    void answersRequestsWithAndWithoutThePath(String request, int status) throws Exception {
        assertThat(answer(request)).startsWith("HTTP/1.1 " + status + " ");
    }

    private String answer(String request, String... fields) throws IOException {
        try (RawClient client = RawClient.connect(server.port())
                .send((request + " HTTP/1.1\r\nHost: localhost\r\n" + String.join("", fields) + "\r\n")
                        .getBytes(StandardCharsets.US_ASCII))) {
            StringBuilder head = new StringBuilder();
            for (String line = client.readLine(); !line.isEmpty(); line = client.readLine()) {
                head.append(line).append('\n');
            }
            return head.toString();
        }
    }

    @Test
    void leadsToTheSlashThatAddressesOfPagesNeed() throws Exception {
        assertThat(answer("GET /our/chat")).contains("Location: chat/\n");
        assertThat(answer("POST /our/chat/")).startsWith("HTTP/1.1 405 ");
    }

    @Test
    void opensWebSocketsWithAndWithoutThePath() throws Exception {
        for (String path : List.of("/our/chat/", "/our/chat", "/", "/our/chat/any")) {
            try (TestClient client = TestClient.connect(server.port(), "ctesiphon", path)) {
                client.join("ada", "lobby");
            }
        }
    }

    @Test
    void givesHandlersPathsWithoutIt() throws Exception {
        for (String path : List.of("/our/chat/echo", "/echo")) {
            String upgrade =
                    new String(RawClient.handshake(), StandardCharsets.US_ASCII).replace("GET /", "GET " + path);
            try (RawClient client = RawClient.connect(server.port())
                    .send(upgrade.getBytes(StandardCharsets.US_ASCII))
                    .readHandshake()
                    .send(RawClient.frame(RawClient.TEXT, "hi".getBytes(StandardCharsets.US_ASCII)))) {
                assertThat(client.read(RawClient.TEXT)).isEqualTo("hi");
            }
        }
    }

    @Test
    void namesItWhereClientsSendTo() throws Exception {
        try (StreamClient client =
                StreamClient.events(URI.create("http://localhost:" + server.port()), "chat.v1", false)) {
            assertThat(client.sendsTo()).startsWith("/our/chat/http/send/");
            client.send("{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}");
            assertThat(client.next()).contains("\"connected\"");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "rewrite ^/our/chat(/.*)$ $1 break;",
                "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;",
                "rewrite ^/our/chat(/.*)$ $1 break; proxy_http_version 1.1;"
                        + " proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
            })
    void servesClientsBehindNginx(String lines) throws Exception {
        try (ProxyProcess proxy = ProxyProcess.nginx(directory, List.of(server.port()), lines);
                ChatClient client = ChatClient.builder(
                                URI.create("ws://127.0.0.1:" + proxy.uri().getPort() + "/our/chat/"))
                        .name("ada")
                        .start()) {
            client.subscribe("lobby").get(60, TimeUnit.SECONDS);
            client.publish("lobby", "hi").get(60, TimeUnit.SECONDS);
            assertThat(server.sessions()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "chat",
                "//",
                "/a//b",
                "/a b",
                "/a?b",
                "/..",
                "/a/../b",
                "/.",
                "/a/./b",
                "/%41",
                "/ä",
                "/a;b",
                "http://a/"
            })
    void refusesPathsThatAreNone(String path) {
        assertThatThrownBy(() -> ChatServer.builder().basePath(path))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a base path must begin with /");
    }

    @Test
    void mayBeTheRoot() throws Exception {
        for (String root : List.of("", "/")) {
            try (ChatServer plain = ChatServer.builder().port(0).basePath(root).start();
                    TestClient client = TestClient.connect(plain.port(), "ctesiphon", "/our/chat")) {
                client.join("ada", "lobby");
            }
        }
    }
}

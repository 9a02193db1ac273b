package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Ban;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The handshakes that a server refuses are counted and logged by reason. */
class RefusedHandshakesTest {
    private static final String UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    private static String request(ChatServer server, String fields) {
        return "GET / HTTP/1.1\r\nHost: localhost:" + server.port() + "\r\n" + fields + "\r\n";
    }

    private static void send(ChatServer server, String request, int status) throws IOException {
        try (Socket socket = new Socket("localhost", server.port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                    .startsWith("HTTP/1.1 " + status + " ");
        }
    }

    private static Map<String, Long> refused(ChatServer server) {
        return server.metrics().handshakesRefused().entrySet().stream()
                .filter(entry -> entry.getValue() > 0)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    @Test
    void areCountedAndLoggedByReason() throws Exception {
        try (LoggedLines logged = new LoggedLines();
                ChatServer server = ChatServer.builder()
                        .port(0)
                        .guests(true)
                        .authenticator((credentials, address) -> Optional.<User>empty())
                        .start()) {
            send(server, request(server, ""), 400);
            send(server, request(server, UPGRADE.replace("13", "8")), 426);
            send(server, request(server, UPGRADE + "Origin: http://evil.example\r\n"), 403);
            send(server, request(server, UPGRADE).replace("localhost", "evil.example"), 421);
            send(server, request(server, "X: " + "x".repeat(20_000) + "\r\n"), 431);
            String secret = Base64.getEncoder().encodeToString("ada:a good secret".getBytes(StandardCharsets.UTF_8));
            send(server, request(server, UPGRADE + "Authorization: Basic " + secret + "\r\n"), 401);
            server.ban(new Ban(Ban.Kind.ADDRESS, "127.0.0.1", Instant.now().plusSeconds(60), ""));
            send(server, request(server, UPGRADE), 403);

            eventually(() -> assertThat(refused(server))
                    .isEqualTo(Map.of(
                            "malformed", 2L, "origin", 1L, "host", 1L, "too_large", 1L, "login", 1L, "banned", 1L)));
            assertThat(logged.lines())
                    .anyMatch(
                            line -> line.startsWith("a request from 127.0.0.1 was refused: this server does not serve"))
                    .anyMatch(line -> line.contains("was refused: this origin is not allowed: http://evil.example")
                            && line.contains("proxy_set_header Host"))
                    .noneMatch(line -> line.contains("good secret") || line.contains(secret));
        }
    }

    @Test
    void areThoseBeyondALimitToo() throws Exception {
        try (ChatServer server = ChatServer.builder()
                .port(0)
                .limits(Limits.DEFAULT.withMaxConnections(1))
                .start()) {
            TestClient ada = TestClient.member(server.port(), "ada", "lobby");
            send(server, request(server, UPGRADE), 503);
            eventually(() -> assertThat(refused(server)).isEqualTo(Map.of("full", 1L)));
            ada.close();
        }
    }

    @Test
    void areThoseThatTakeTooLongToo() throws Exception {
        try (ChatServer server = ChatServer.builder()
                        .port(0)
                        .limits(Limits.DEFAULT.withHandshakeTimeout(Duration.ofMillis(200)))
                        .start();
                Socket silent = new Socket("localhost", server.port())) {
            silent.setSoTimeout(60_000);
            assertThat(silent.getInputStream().read()).isEqualTo(-1);
            eventually(() -> assertThat(refused(server)).isEqualTo(Map.of("timeout", 1L)));
        }
    }
}

package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** By which names a server can be called, depending on where it listens. */
class HostsTest {
    private final ChatServerBuilder builder = ChatServer.builder().port(0);

    @Test
    void takesTheLoopbackNamesWhereItListensThere() throws Exception {
        assertTakes("localhost", "LOCALHOST:1", "127.0.0.1:8600", "[::1]:8600");
        assertRefuses("evil.example", "evil.example:8600", "localhost.evil.example", "192.168.0.1", "0.0.0.0");
    }

    @Test
    void takesTheNamesOfItsSettings() throws Exception {
        builder.host("127.0.0.1").allowedOrigins(Set.of("https://Chat.example", "http://[::2]:1", "null"));
        assertTakes("localhost", "chat.example", "chat.example:443", "[::2]");
        assertRefuses("evil.example", "null");
    }

    @Test
    void takesOnlyTheNamesItIsTold() throws Exception {
        builder.hosts(Set.of("Chat.example", "[::1]")).allowedOrigins(Set.of("https://www.example"));
        assertTakes("chat.example", "[::1]:8600");
        assertRefuses("localhost", "127.0.0.1", "www.example");
    }

    @Test
    void takesAnyNameWhereItIsToldSoOrListensToOthers() throws Exception {
        builder.host("0.0.0.0");
        assertTakes("chat.example", "127.0.0.1");
        builder.host("localhost").hosts(Set.of("*"));
        assertTakes("chat.example", "127.0.0.1");
        builder.hosts(Set.of()).allowedOrigins(Set.of("*"));
        assertTakes("chat.example");
    }

    @Test
    void refusesNamesThatAreNone() {
        assertThatThrownBy(() -> builder.hosts(Set.of("chat.example:8600")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("without a port: chat.example:8600");
    }

    private void assertTakes(String... hosts) throws Exception {
        for (String host : hosts) {
            assertThat(statusFor(host)).as(host).isEqualTo("HTTP/1.1 101 Switching Protocols");
        }
    }

    private void assertRefuses(String... hosts) throws Exception {
        for (String host : hosts) {
            assertThat(statusFor(host)).as(host).isEqualTo("HTTP/1.1 421 Misdirected Request");
        }
    }

    private String statusFor(String host) throws Exception {
        try (ChatServer server = builder.start();
                RawClient client = RawClient.connect(server.port())) {
            String request = new String(RawClient.handshake(), StandardCharsets.US_ASCII);
            client.send(request.replace("Host: localhost", "Host: " + host).getBytes(StandardCharsets.US_ASCII));
            return client.readLine();
        }
    }
}

package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configurations in docs/proxies.md, as they are there but for addresses, ports and certificates. */
class DocumentedProxiesTest {
    private static final String CLIENT = "127.0.0.3";
    private static final String FORWARDED = "X-Forwarded-For: 203.0.113.9\r\n";

    private final ChatServer server;

    @TempDir
    private Path directory;

    DocumentedProxiesTest() throws IOException {
        server = ChatServer.builder()
                .port(0)
                .hosts(Set.of("chat.example"))
                .trustedProxies(Set.of("127.0.0.1"))
                .start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /** The blocks of one language, with the address of the server. */
    private List<String> documented(String language) throws IOException {
        String page = Files.readString(Path.of("..", "docs", "proxies.md"));
        return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
                .matcher(page)
                .results()
                .map((MatchResult found) -> found.group(1).replace("127.0.0.1:8600", "127.0.0.1:" + server.port()))
                .toList();
    }

    private void assertWorks(ProxyProcess proxy, String path, String origin) throws IOException {
        String request = new String(RawClient.handshake(), StandardCharsets.US_ASCII)
                .replace("GET /", "GET " + path)
                .replace("Host: localhost\r\n", "Host: chat.example\r\nOrigin: " + origin + "\r\n" + FORWARDED);
        try (RawClient client = RawClient.connectFrom(CLIENT, proxy.uri().getPort())) {
            client.send(request.getBytes(StandardCharsets.US_ASCII)).readHandshake();
            eventually(() -> assertThat(server.sessions()).hasSize(1));
            assertThat(server.sessions().getFirst().address()).startsWith(CLIENT + ":");
        }
    }

    @Test
    void isThatOfNginx() throws Exception {
        String location = documented("nginx").getFirst().strip().replace("location / {", "} location /documented/ {");
        String open = location.substring(0, location.lastIndexOf('}')); // the test's own file closes it
        try (ProxyProcess proxy = ProxyProcess.nginx(directory, List.of(server.port()), open)) {
            assertWorks(proxy, "/documented/", "http://chat.example");
        }
    }

    @Test
    void isThatOfHaproxy() throws Exception {
        try (ProxyProcess proxy = ProxyProcess.haproxy(
                directory, documented("haproxy").getFirst().replaceFirst("bind \\S+ ssl crt \\S+", "bind %s"))) {
            assertWorks(proxy, "/", "https://chat.example"); // for which only the certificate is missing
        }
    }

    @Test
    void isThatOfHaproxyWithItsProtocol() throws Exception {
        try (ProxyProcess proxy =
                ProxyProcess.haproxy(directory, documented("haproxy").get(1).replaceFirst("bind \\S+", "bind %s"))) {
            assertWorks(proxy, "/", "http://chat.example");
        }
    }
}

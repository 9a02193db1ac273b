package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server behind real proxies, which tell it the address of a client at 127.0.0.3. */
class BehindProxiesTest {
    private static final String CLIENT = "127.0.0.3";

    private final ChatServer server;

    @TempDir
    private Path directory;

    BehindProxiesTest() throws IOException {
        server = ChatServer.builder()
                .port(0)
                .tcpPort(0)
                .trustedProxies(Set.of("127.0.0.1"))
                .start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void assertSees(RawClient client, String address) throws IOException {
        assertThat(client).isNotNull();
        eventually(() -> assertThat(server.sessions()).hasSize(1));
        assertThat(server.sessions().getFirst().address()).startsWith(address + ":");
        client.close();
        eventually(() -> assertThat(server.sessions()).isEmpty());
    }

    private static RawClient connect(ProxyProcess proxy, String... fields) throws IOException {
        String request = new String(RawClient.handshake(), StandardCharsets.US_ASCII)
                .replace("\r\n\r\n", "\r\n" + String.join("", fields) + "\r\n");
        return RawClient.connectFrom(CLIENT, proxy.uri().getPort())
                .send(request.getBytes(StandardCharsets.US_ASCII))
                .readHandshake();
    }

    @Test
    void learnsTheClientFromTheProxyProtocolOfHaproxy() throws Exception {
        for (String version :
                List.of("send-proxy", "send-proxy-v2", "send-proxy-v2-ssl-cn proxy-v2-options crc32c,unique-id")) {
            try (ProxyProcess proxy =
                    ProxyProcess.haproxy(directory, List.of(server.port()), "mode tcp", "default-server " + version)) {
                assertSees(connect(proxy, "X-Forwarded-For: 203.0.113.9\r\n"), CLIENT);
            }
        }
    }

    @Test
    void learnsTheClientOnTheTcpPortToo() throws Exception {
        for (String version : List.of("send-proxy", "send-proxy-v2")) {
            try (ProxyProcess proxy = ProxyProcess.haproxy(
                    directory, List.of(server.tcpPort().getAsInt()), "mode tcp", "default-server " + version)) {
                assertSees(RawClient.connectFrom(CLIENT, proxy.uri().getPort()), CLIENT);
            }
        }
    }

    @Test
    void learnsTheClientFromTheFieldsOfHaproxy() throws Exception {
        try (ProxyProcess proxy = ProxyProcess.haproxy(directory, List.of(server.port()), "option forwardfor")) {
            assertSees(stream(proxy.uri()), CLIENT);
            assertSees(stream(proxy.uri(), "X-Forwarded-For: 203.0.113.9\r\n"), CLIENT);
        }
    }

    /** A stream over HTTP, because this haproxy removes {@code Upgrade}. */
    private static RawClient stream(URI proxy, String... fields) throws IOException {
        RawClient client = RawClient.connectFrom(CLIENT, proxy.getPort())
                .send(("GET /http/chat.v1 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                                + String.join("", fields) + "\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        assertThat(client.readLine()).startsWith("HTTP/1.1 200 ");
        return client;
    }

    @Test
    void learnsTheClientFromTheFieldsOfNginx() throws Exception {
        String[] lines = {
            "proxy_http_version 1.1;",
            "proxy_set_header Upgrade $http_upgrade;",
            "proxy_set_header Connection upgrade;",
            "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
            "proxy_set_header X-Forwarded-Proto $scheme;",
            "proxy_set_header X-Forwarded-Host $http_host;",
            "proxy_set_header Forwarded \"\";"
        };
        try (ProxyProcess proxy = ProxyProcess.nginx(directory, List.of(server.port()), lines)) {
            assertSees(connect(proxy), CLIENT);
            assertSees(connect(proxy, "X-Forwarded-For: 203.0.113.9\r\n", "Forwarded: for=203.0.113.9\r\n"), CLIENT);
            assertSees(connect(proxy, "Origin: http://localhost\r\n"), CLIENT); // the Host that the client has sent
        }
    }
}

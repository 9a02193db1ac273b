package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two servers of one chat behind real proxies that let no WebSocket through. */
class HttpFallbackBehindProxiesTest {
    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private ChatServer here;
    private ChatServer there;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws IOException {
        here = ChatServer.builder()
                .port(0)
                .broker(broker)
                .page("/", "text/plain", new byte[100_000])
                .start();
        there = ChatServer.builder()
                .port(0)
                .broker(broker)
                .page("/", "text/plain", new byte[100_000])
                .start();
    }

    @AfterEach
    void stop() {
        here.close();
        there.close();
        broker.close();
    }

    private List<Integer> ports() {
        return List.of(here.port(), there.port());
    }

    @Test
    void carriesAConversationThroughNginx() throws Exception {
        try (ProxyProcess proxy = ProxyProcess.nginx(directory, ports())) {
            converse(proxy.uri());
        }
    }

    @Test
    void carriesAConversationThroughNginxThatKeepsConnections() throws Exception {
        try (ProxyProcess proxy = ProxyProcess.nginx(
                directory, ports(), "proxy_http_version 1.1;", "proxy_set_header Connection \"\";")) {
            converse(proxy.uri());
        }
    }

    @Test
    void carriesAConversationThroughNginxThatPassesBodiesOnInChunks() throws Exception {
        try (ProxyProcess proxy = ProxyProcess.nginx(
                directory,
                ports(),
                "proxy_http_version 1.1;",
                "proxy_set_header Connection \"\";",
                "proxy_request_buffering off;",
                "gzip on;",
                "gzip_types *;")) {
            converse(proxy.uri());
        }
    }

    @Test
    void carriesAConversationThroughHaproxy() throws Exception {
        try (ProxyProcess proxy = ProxyProcess.haproxy(directory, ports())) {
            converse(proxy.uri());
        }
    }

    @Test
    void carriesAConversationThroughHaproxyThatClosesConnections() throws Exception {
        try (ProxyProcess proxy = ProxyProcess.haproxy(directory, ports(), "option httpclose")) {
            converse(proxy.uri());
        }
    }

    /** Every POST goes to the next server, and every frame must come at once. */
    private void converse(URI proxy) throws Exception {
        assertThatThrownBy(() -> TestClient.connect(proxy.getPort())).isInstanceOf(Exception.class);
        try (StreamClient ada = StreamClient.events(proxy, "chat.v1", false);
                StreamClient bob = StreamClient.lines(proxy, "chat.v1")) {
            for (StreamClient client : List.of(ada, bob)) {
                String name = client == ada ? "ada" : "bob";
                client.send("{\"id\":1,\"type\":\"connect\",\"client\":\"" + name + "\"}");
                assertThat(client.next()).contains("\"connected\"");
                client.send("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
                assertThat(client.next()).contains("\"subscribed\"");
            }
            for (int i = 3; i < 23; i++) {
                ada.send("{\"id\":" + i + ",\"type\":\"publish\",\"channel\":\"lobby\",\"data\":" + i + "}");
                assertThat(bob.next()).contains("\"data\":" + i);
            }
            assertThat(here.sessions().size() + there.sessions().size()).isEqualTo(2);
            reads(proxy);
        }
        eventually(() ->
                assertThat(here.sessions().size() + there.sessions().size()).isZero());
    }

    private void reads(URI proxy) throws Exception {
        String id;
        try (StreamClient reader = StreamClient.reader(proxy, "lobby")) {
            id = reader.nextEvent().id();
        }
        Position next = here.publish("lobby", "eve", "later");
        try (StreamClient reader = StreamClient.reader(proxy, "lobby", "Last-Event-ID", id)) {
            assertThat(reader.nextEvent().id()).isEqualTo(next.epoch() + ":" + next.offset());
        }
    }
}

package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Test;

/** Over HTTP, a client finds the same as over a WebSocket. */
class ChatV1OverHttpTest extends ChatV1InMemoryTest {
    static URI at(ChatServer server) {
        return URI.create("http://localhost:" + server.port() + "/");
    }

    @Override
    TestClient connect(ChatServer server, String subprotocol) throws Exception {
        return TestClient.over(
                subprotocol.isEmpty()
                        ? StreamClient.events(at(server), "ctesiphon", true)
                        : StreamClient.events(at(server), subprotocol, false));
    }

    @Test
    void saysInLinesOfJsonWhatItSaysInEvents() throws Exception {
        try (TestClient ada = TestClient.over(StreamClient.lines(at(here()), "chat.v1"))) {
            ada.send("{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}");
            assertThat(ada.next()).startsWith("{\"id\":1,\"type\":\"connected\",");
        }
    }
}

package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an operator orders is carried out on all servers that share a broker. */
class OrdersTest {
    @Test
    void disconnectAClientEverywhere() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer here = ChatServer.builder().port(0).broker(broker).start();
                ChatServer there = ChatServer.builder().port(0).broker(broker).start();
                TestClient bob = TestClient.member(there.port(), "bob", "lobby")) {
            TestClient ada = TestClient.member(here.port(), "ada", "lobby");
            TestClient again = TestClient.connect(there.port(), "chat.v1")
                    .send("{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}");
            assertThat(again.next()).contains("connected");

            here.disconnect("ada");

            assertThat(ada.closeCode()).isEqualTo(4403);
            assertThat(again.next()).isEqualTo("{\"type\":\"goodbye\",\"code\":\"disconnected\",\"reconnect\":false}");
            assertThat(again.closeCode()).isEqualTo(4403);
            TestClient.member(there.port(), "ada", "lobby").close(); // it may come back
            bob.expectNothingElse();
        }
    }

    @Test
    void areNotForClientsToReadOrGive() throws Exception {
        try (ChatServer server = ChatServer.builder().withoutPort().start();
                InMemoryClient eve = server.connect("chat.v1")) {
            server.disconnect("nobody");
            for (String request : List.of(
                    "\"subscribe\",\"channel\":\"@\"",
                    "\"history\",\"channel\":\"@\"",
                    "\"publish\",\"channel\":\"@\",\"data\":\"disconnect ada\"",
                    "\"direct\",\"to\":\"\",\"data\":\"disconnect ada\"",
                    "\"connect\",\"client\":\"\"")) {
                eve.send("{\"id\":1,\"type\":" + request + "}");
                assertThat(eve.receive()).contains("\"bad_request\"");
            }
        }
    }

    @Test
    void mustNameSomebody() throws Exception {
        try (ChatServer server = ChatServer.builder().withoutPort().start()) {
            assertThatThrownBy(() -> server.disconnect("")).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> server.revoke("a\nb")).isInstanceOf(IllegalArgumentException.class);
        }
    }
}

package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.InMemoryBroker;
import io.seleucia.chat.broker.Retention;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ChatV1InMemoryTest extends ChatV1Contract {
    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT.withMessages(HISTORY));
    private ChatServer server;

    @BeforeEach
    void start() throws IOException {
        server = ChatServer.builder()
                .port(0)
                .broker(broker)
                .limits(Limits.DEFAULT.withRateMessages(1_000_000).withRateBurst(1_000_000))
                .start();
    }

    @AfterEach
    void stop() {
        server.close();
        broker.close();
    }

    @Override
    int here() {
        return server.port();
    }

    @Override
    int there() {
        return server.port();
    }

    @Test
    void notesEachSessionOnceUnderItsName() throws Exception {
        try (Client ada = connected(server.port(), "ada");
                TestClient too = TestClient.member(server.port(), "ada", "lobby")) {
            assertThat(broker.members("@ada")).isEqualTo(Map.of("ada", 2));
            too.expectNothingElse();
            ada.expectNoPush();
        }
        eventually(() -> assertThat(broker.members("@ada")).isEmpty());
    }

    @Test
    void saysGoodbyeBeforeItCloses() throws Exception {
        TestClient ada = TestClient.connect(server.port(), "chat.v1");
        server.close();
        assertThat(ada.next()).isEqualTo("{\"type\":\"goodbye\",\"code\":\"restart\",\"reconnect\":true}");
        assertThat(ada.closeCode()).isEqualTo(1012);
    }
}

package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ChatV1InMemoryTest extends ChannelInfoContract {
    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT.withMessages(HISTORY));
    private ChatServer server;

    @BeforeEach
    void start() throws IOException {
        server = settings()
                .broker(broker)
                .limits(Limits.DEFAULT
                        .withRateMessages(1_000_000)
                        .withRateBurst(1_000_000)
                        .withQuotas(Quotas.NONE))
                .start();
    }

    ChatServerBuilder settings() {
        return ChatServer.builder().port(0);
    }

    @AfterEach
    void stop() {
        server.close();
        broker.close();
    }

    @Override
    ChatServer here() {
        return server;
    }

    @Override
    ChatServer there() {
        return server;
    }

    @Test
    void notesEachSessionOnceUnderItsName() throws Exception {
        try (Client ada = connected(server, "ada");
                TestClient too = connect(server, "").join("ada", "lobby")) {
            assertThat(broker.members("@ada")).isEqualTo(Map.of("ada", 2));
            too.expectNothingElse();
            ada.expectNoPush();
        }
        eventually(() -> assertThat(broker.members("@ada")).isEmpty());
    }

    @Test
    void saysGoodbyeBeforeItCloses() throws Exception {
        TestClient ada = connect(server, "chat.v1");
        server.close();
        assertThat(ada.next()).isEqualTo("{\"type\":\"goodbye\",\"code\":\"restart\",\"reconnect\":true}");
        assertThat(ada.closeCode()).isEqualTo(1012);
    }
}

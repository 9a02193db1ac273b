package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.RedisBroker;
import io.seleucia.chat.broker.RedisProcess;
import io.seleucia.chat.broker.Retention;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;

/** Two servers over one Redis are one chat, and stay one when Redis comes and goes. */
class TwoServersTest {
    private RedisProcess redis;
    private RedisBroker hereBroker;
    private RedisBroker thereBroker;
    private ChatServer here;
    private ChatServer there;

    @BeforeEach
    void start() throws Exception {
        redis = RedisProcess.begin();
        hereBroker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT);
        thereBroker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT);
        assertThat(hereBroker.awaitReachable(Duration.ofSeconds(30))).isTrue();
        assertThat(thereBroker.awaitReachable(Duration.ofSeconds(30))).isTrue();
        here = ChatServer.builder().port(0).broker(hereBroker).start();
        there = ChatServer.builder().port(0).broker(thereBroker).start();
    }

    @AfterEach
    void stop() throws Exception {
        if (redis != null) {
            here.close();
            there.close();
            hereBroker.close();
            thereBroker.close();
            redis.close();
        }
    }

    @Test
    void areOneChat() throws Exception {
        try (TestClient ada = TestClient.member(here.port(), "ada", "lobby");
                TestClient bob = TestClient.member(there.port(), "bob", "lobby")) {
            for (int i = 0; i < 50; i++) {
                ada.publish("ada", "lobby", "message " + i);
            }
            for (int i = 0; i < 50; i++) {
                assertThat(ada.next()).isEqualTo("Channel : lobby, Sender : ada, Message : message " + i);
                assertThat(bob.next()).isEqualTo("Channel : lobby, Sender : ada, Message : message " + i);
            }
            bob.publish("bob", "lobby", "hello back");
            assertThat(ada.next()).isEqualTo("Channel : lobby, Sender : bob, Message : hello back");
            assertThat(hereBroker.members("lobby")).isEqualTo(Map.of("ada", 1, "bob", 1));
        }
        try (RedisClient client = redis.client()) {
            eventually(() -> assertThat(client.keys("chat:client:*")).isEmpty());
        }
    }

    @Test
    void bothHearWhatAPersonPushes() throws Exception {
        try (TestClient ada = TestClient.member(here.port(), "ada", "lobby");
                TestClient bob = TestClient.member(there.port(), "bob", "lobby");
                RedisClient client = redis.client()) {
            client.publish("chat:{lobby}:live", "plain text");

            assertThat(ada.next()).isEqualTo("Channel : lobby, Sender : redis, Message : plain text");
            assertThat(bob.next()).isEqualTo("Channel : lobby, Sender : redis, Message : plain text");
        }
    }

    @Test
    void sayUnavailableWhileRedisIsDownAndGoOnWhenItIsBack() throws Exception {
        try (TestClient ada = TestClient.member(here.port(), "ada", "lobby");
                TestClient bob = TestClient.member(there.port(), "bob", "lobby")) {
            redis.kill();
            assertThat(ada.publish("ada", "lobby", "lost?").nextResult()).startsWith("Error: unavailable");
            assertThat(ada.subscribe("ada", "den").nextResult()).startsWith("Error: unavailable");

            redis.start();

            // Each attempt is answered in line: by the message itself, or by the error.
            String answer = eventuallyGet(() -> {
                String reply = ada.publish("ada", "lobby", "back").next();
                if (!reply.endsWith("Message : back")) {
                    throw new IllegalStateException(reply);
                }
                return reply;
            });
            assertThat(answer).isEqualTo("Channel : lobby, Sender : ada, Message : back");
            assertThat(bob.next()).isEqualTo(answer);
            assertThat(eventuallyGet(() -> {
                        String reply = ada.subscribe("ada", "den").nextResult();
                        if (reply.startsWith("Error: unavailable")) {
                            throw new IllegalStateException(reply);
                        }
                        return reply;
                    }))
                    .isEqualTo("Subscribed to channel : den SUCCESSFULLY !");
        }
    }
}

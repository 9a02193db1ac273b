package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.RedisBroker;
import io.seleucia.chat.broker.RedisClusterProcesses;
import io.seleucia.chat.broker.Retention;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** Two servers over a Redis Cluster: each pair of clients talks across them. */
class ChatV1OverClusterTest extends ChatV1Contract {
    private static RedisClusterProcesses cluster;

    private RedisBroker hereBroker;
    private RedisBroker thereBroker;
    private ChatServer here;
    private ChatServer there;

    @BeforeAll
    static void startCluster() throws Exception {
        cluster = RedisClusterProcesses.begin();
    }

    @AfterAll
    static void stopCluster() throws Exception {
        if (cluster != null) {
            cluster.close();
        }
    }

    @BeforeEach
    void start() throws Exception {
        cluster.flush();
        hereBroker = broker();
        thereBroker = broker();
        here = server(hereBroker);
        there = server(thereBroker);
    }

    private static RedisBroker broker() throws Exception {
        RedisBroker broker = new RedisBroker(cluster.servers(), "chat:", Retention.DEFAULT.withMessages(HISTORY));
        assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
        return broker;
    }

    private static ChatServer server(RedisBroker broker) throws Exception {
        return ChatServer.builder()
                .port(0)
                .broker(broker)
                .limits(Limits.DEFAULT.withRateMessages(1_000_000).withRateBurst(1_000_000))
                .start();
    }

    @AfterEach
    void stop() {
        here.close();
        there.close();
        hereBroker.close();
        thereBroker.close();
    }

    @Override
    ChatServer here() {
        return here;
    }

    @Override
    ChatServer there() {
        return there;
    }
}

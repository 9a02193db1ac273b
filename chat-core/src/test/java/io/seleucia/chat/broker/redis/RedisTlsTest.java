package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.Concurrent;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS with many: sentinels and the master that they name, and the nodes of a cluster. */
@Concurrent
class RedisTlsTest {
    @TempDir
    private Path directory;

    private RedisTls tls;

    @BeforeEach
    void make() throws Exception {
        tls = RedisTls.make(directory);
    }

    @Test
    void isSpokenWithSentinelsAndWhoeverIsTheMaster() throws Exception {
        try (RedisSentinelProcesses redis = RedisSentinelProcesses.begin(tls)) {
            refusesStrangers(redis.named().withTls());
            try (RedisBroker broker = open(redis.named().withAuthorities(tls.authority()))) {
                RedisRights.use(broker);

                redis.master().kill();

                eventuallyGet(() -> publish(broker, "after the failover"));
            }
        }
    }

    @Test
    void showsItsCertificateToWhoeverAsksForIt() throws Exception {
        RedisTls asking = tls.askingClients();
        try (RedisSentinelProcesses redis = RedisSentinelProcesses.begin(asking)) {
            RedisServers servers = redis.named().withAuthorities(tls.authority());
            assertThatThrownBy(() -> RedisBroker.connect(servers, "chat:", Retention.DEFAULT))
                    .isInstanceOf(UnavailableException.class);
            try (RedisBroker broker = open(servers.withIdentity(tls.authority(), tls.key()))) {
                RedisRights.use(broker);
            }
        }
    }

    @Test
    void isSpokenWithAllNodesOfACluster() throws Exception {
        try (RedisClusterProcesses redis = RedisClusterProcesses.begin(tls)) {
            refusesStrangers(redis.servers().withTls());
            try (RedisBroker broker = open(redis.servers().withAuthorities(tls.authority()))) {
                RedisRights.use(broker);
                RecordingListener listener = new RecordingListener();
                broker.subscribe("lobby", listener);
                Position first = publish(broker, "first");
                assertThat(listener.nextMessage().position()).isEqualTo(first);
                RedisProcess from = redis.owner("lobby");
                RedisProcess replica = redis.replicaOf(from);

                replica.ask("CLUSTER", "FAILOVER"); // so that nodes send us to each other

                eventually(() -> assertThat(redis.owner("lobby")).isSameAs(replica));
                Position second = eventuallyGet(() -> publish(broker, "second"));
                assertThat(listener.nextMessage().position()).isEqualTo(second);
            }
        }
    }

    private static void refusesStrangers(RedisServers servers) {
        eventually(() -> assertThatThrownBy(() -> RedisBroker.connect(servers, "chat:", Retention.DEFAULT))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("no TLS with 127.0.0.1"));
    }

    private static RedisBroker open(RedisServers servers) throws Exception {
        RedisBroker broker = RedisBrokers.connect(servers);
        assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
        return broker;
    }

    private static Position publish(Broker broker, String text) throws UnavailableException {
        return broker.publish("lobby", "ada", new Content.Text(text), "").position();
    }
}

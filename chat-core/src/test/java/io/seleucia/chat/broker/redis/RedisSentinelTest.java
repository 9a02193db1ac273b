package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.BrokerLoad;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract of brokers over a master that sentinels watch, and what happens when another takes its place. */
class RedisSentinelTest extends RedisBrokerContract {
    private static RedisSentinelProcesses redis;

    @BeforeAll
    static void startRedis() throws Exception {
        redis = RedisSentinelProcesses.begin();
    }

    @AfterAll
    static void stopRedis() throws Exception {
        if (redis != null) {
            redis.close();
        }
    }

    @BeforeEach
    void empty() {
        redis.awaitHealth();
        redis.master().ask("FLUSHALL");
    }

    @Override
    RedisServers servers() {
        return redis.named();
    }

    @Test
    void aUserOfTheSentinelsNeedsToAskForTheMasterOnly(@TempDir Path directory) throws Exception {
        Path password = Files.writeString(directory.resolve("password"), "secret\n");
        RedisServers known = redis.named().withSentinelUser("chat").withSentinelPasswordFile(password);
        for (RedisProcess sentinel : redis.sentinels()) {
            sentinel.ask("ACL", "SETUSER", "chat", "on", ">secret", "-@all", "+sentinel|master");
            sentinel.ask("ACL", "SETUSER", "default", "-sentinel|master");
        }
        try {
            assertThatThrownBy(() -> RedisBroker.connect(redis.named(), "chat:", Retention.DEFAULT))
                    .isInstanceOf(UnavailableException.class);

            RedisBroker broker = open(known);

            assertThat(publish(broker, "hi").offset()).isEqualTo(1);
        } finally {
            for (RedisProcess sentinel : redis.sentinels()) {
                sentinel.ask("ACL", "SETUSER", "default", "+sentinel|master");
            }
        }
    }

    @Test
    void aKilledMasterIsReplaced() throws Exception {
        List<RedisBroker> brokers = List.of(open(), open());
        try (BrokerLoad load = new BrokerLoad(brokers, List.of("one", "two"))) {
            load.awaitProgress("one", 20);
            RedisProcess master = redis.master();
            master.kill();
            load.awaitProgress("one", 20);
            master.start();
            redis.awaitHealth();
            load.awaitProgress("one", 20);

            BrokerLoad.Verdict verdict = load.stop();

            assertThat(verdict.flaws()).isEmpty();
            assertThat(verdict.unsure()).isPositive();
        }
    }

    @Test
    void aMasterThatIsNoneAnyMoreIsLeft() throws Exception {
        List<RedisBroker> brokers = List.of(open(), open());
        try (BrokerLoad load = new BrokerLoad(brokers, List.of("one", "two"))) {
            load.awaitProgress("one", 20);
            RedisProcess replica = redis.replica();

            redis.sentinels().getFirst().ask("SENTINEL", "FAILOVER", RedisSentinelProcesses.MASTER);

            eventually(() -> assertThat(redis.master()).isSameAs(replica));
            load.awaitProgress("one", 20);
            redis.awaitHealth();
            load.awaitProgress("one", 20);
            BrokerLoad.Verdict verdict = load.stop();
            assertThat(verdict.flaws()).isEmpty();
        }
    }

    @Test
    void waitsForReplicasWhereItIsToldTo() throws Exception {
        RedisBroker careful = open(servers().withWaitReplicas(1));
        RecordingListener listener = new RecordingListener();
        careful.subscribe("lobby", listener);
        Position first = publish(careful, "confirmed");
        assertThat(listener.nextMessage().position()).isEqualTo(first);

        RedisProcess replica = redis.replica();
        replica.freeze();
        try {
            assertThatThrownBy(() -> publish(careful, "unconfirmed"))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining("too few replicas");
            assertThatThrownBy(() -> publish(careful, "unconfirmed"))
                    .as("a resend is no more confirmed than the first")
                    .isInstanceOf(UnavailableException.class);
        } finally {
            replica.thaw();
        }

        Broker.Receipt resent =
                eventuallyGet(() -> careful.publish("lobby", "ada", new Content.Text("unconfirmed"), "unconfirmed"));
        assertThat(resent).isEqualTo(new Broker.Receipt(first.next(), true));
        assertThat(listener.nextMessage().position()).isEqualTo(first.next());
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void waitsUntilAReplicaThatWasKilledIsBack() throws Exception {
        RedisBroker careful = open(servers().withWaitReplicas(1));
        RecordingListener listener = new RecordingListener();
        careful.subscribe("lobby", listener);
        Position first = publish(careful, "confirmed");
        assertThat(listener.nextMessage().position()).isEqualTo(first);
        RedisProcess replica = redis.replica();
        replica.kill();

        for (int i = 0; i < 2; i++) { // the second is a resend
            assertThatThrownBy(() -> publish(careful, "unconfirmed"))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining("too few replicas");
        }
        assertThat(listener.nextMessage().position()).isEqualTo(first.next()); // it is published all the same
        replica.start();

        Broker.Receipt resent =
                eventuallyGet(() -> careful.publish("lobby", "ada", new Content.Text("unconfirmed"), "unconfirmed"));
        assertThat(resent).isEqualTo(new Broker.Receipt(first.next(), true));
        assertThat(publish(careful, "the next")).isEqualTo(first.next().next());
        assertThat(listener.nextMessage().position()).isEqualTo(first.next().next());
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void aUserNeedsNoMoreRightsThanTheManualSays() throws Exception {
        for (RedisProcess server : List.of(redis.master(), redis.replica())) {
            RedisRights.grant(server, "chat", "secret", RedisRights.BEHIND_SENTINELS);
        }
        RedisServers servers = redis.named().withUser("chat").withPassword(() -> "secret");

        try (RedisBroker broker = RedisBrokers.connect(servers)) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            RedisRights.use(broker);
        }

        assertThat((List<?>) redis.master().ask("ACL", "LOG")).isEmpty();
    }

    private static Position publish(Broker broker, String text) throws UnavailableException {
        return broker.publish("lobby", "ada", new Content.Text(text), text).position();
    }
}

package io.seleucia.chat.broker;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract of brokers over a master that sentinels watch, and what happens when another takes its place. */
class RedisSentinelTest extends BrokerContract {
    private static RedisSentinelProcesses redis;

    private final List<Broker> opened = new ArrayList<>();

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

    @AfterEach
    void closeOpened() {
        opened.forEach(Broker::close);
    }

    @Override
    protected RedisBroker create(Retention retention) throws Exception {
        return create(redis.named(), retention);
    }

    private static RedisBroker create(RedisServers servers, Retention retention) throws Exception {
        RedisBroker created = new RedisBroker(servers, "chat:", retention);
        assertThat(created.awaitReachable(Duration.ofSeconds(30))).isTrue();
        return created;
    }

    @Override
    protected Broker another(Broker first, Retention retention) throws Exception {
        return create(retention);
    }

    private RedisBroker open(RedisServers servers) throws Exception {
        RedisBroker broker = create(servers, Retention.DEFAULT);
        opened.add(broker);
        return broker;
    }

    @Test
    void aKilledMasterIsReplaced() throws Exception {
        List<RedisBroker> brokers = List.of(open(redis.named()), open(redis.named()));
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
        List<RedisBroker> brokers = List.of(open(redis.named()), open(redis.named()));
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
        RedisBroker careful = open(redis.named().withWaitReplicas(1));
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
    void aUserNeedsNoMoreRightsThanTheManualSays() throws Exception {
        for (RedisProcess server : List.of(redis.master(), redis.replica())) {
            RedisRights.grant(server, "chat", "secret", RedisRights.BEHIND_SENTINELS);
        }
        RedisServers servers = redis.named().withUser("chat").withPassword(() -> "secret");

        try (RedisBroker broker = RedisBroker.connect(servers, "chat:", Retention.DEFAULT)) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            RedisRights.use(broker);
        }

        assertThat((List<?>) redis.master().ask("ACL", "LOG")).isEmpty();
    }

    private static Position publish(Broker broker, String text) throws UnavailableException {
        return broker.publish("lobby", "ada", new Content.Text(text), text).position();
    }
}

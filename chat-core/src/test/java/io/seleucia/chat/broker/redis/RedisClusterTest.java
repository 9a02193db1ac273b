package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.BrokerLoad;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract of brokers over a real Redis Cluster, and what only a cluster does. */
class RedisClusterTest extends RedisBrokerContract {
    private static final Duration ON_ITS_WAY = Duration.ofSeconds(4); // longer than several looks at who has what
    private static final Duration PAUSE = Duration.ofMillis(50);

    private static RedisClusterProcesses cluster;

    private final RecordingListener listener = new RecordingListener();

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
    void empty() {
        cluster.awaitHealth();
        cluster.flush();
    }

    @Override
    RedisServers servers() {
        return cluster.servers();
    }

    @Test
    void servesChannelsOfAllMasters() throws Exception {
        RedisBroker broker = open();
        Set<RedisProcess> owners = new HashSet<>();
        for (int i = 0; owners.size() < 3; i++) {
            String channel = "channel " + i;
            broker.subscribe(channel, listener);

            Position published = publish(broker, channel, "hi");

            assertThat(listener.nextMessage().position()).isEqualTo(published);
            owners.add(cluster.owner(channel));
        }
    }

    @Test
    void redisCliWatchesAndPushes() throws Exception {
        RedisBroker broker = open();
        broker.subscribe("lobby", listener);
        String anyPort = Integer.toString(cluster.nodes().getLast().port());
        Process watching = redisCli("-c", "-p", anyPort, "SSUBSCRIBE", "chat:{lobby}:live");
        try (var watched = watching.inputReader()) {
            String line = watched.readLine();
            while (!line.equals("1")) { // the number of its subscriptions
                line = watched.readLine();
            }

            Process pushing = redisCli("-c", "-p", anyPort, "SPUBLISH", "chat:{lobby}:live", "plain text");

            assertThat(pushing.onExit().orTimeout(60, TimeUnit.SECONDS).join().exitValue())
                    .isZero();
            Message message = listener.nextMessage();
            assertThat(message.sender()).isEqualTo("redis");
            assertThat(message.content()).isEqualTo(new Content.Text("plain text"));
            do {
                line = watched.readLine();
            } while (!line.equals("plain text"));
        } finally {
            watching.destroyForcibly();
        }
    }

    @Test
    void aUserNeedsNoMoreRightsThanTheManualSays() throws Exception {
        cluster.nodes()
                .forEach(node ->
                        RedisRights.grant(node, "chat", "secret", RedisRights.ON_A_CLUSTER, RedisRights.FOR_WAITING));
        RedisServers servers =
                cluster.servers().withUser("chat").withPassword(() -> "secret").withWaitReplicas(1);

        try (RedisBroker broker = RedisBrokers.connect(servers)) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            RedisRights.use(broker);
        }

        assertThat(cluster.nodes())
                .allSatisfy(node -> assertThat((List<?>) node.ask("ACL", "LOG")).isEmpty());
    }

    private static Process redisCli(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("redis-cli"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    @Test
    void slotsThatMoveUnderLoadLoseNothing() throws Exception {
        List<String> channels = List.of("one", "two", "three");
        try (BrokerLoad load = new BrokerLoad(List.of(open(), open()), channels)) {
            for (String channel : channels) {
                load.awaitProgress(channel, 20);
                RedisProcess from = cluster.owner(channel);
                RedisProcess to = cluster.another(channel);
                cluster.migrate(RedisClusterProcesses.slot(channel), from, to);
                load.awaitProgress(channel, 20);
                cluster.migrate(RedisClusterProcesses.slot(channel), to, from);
                load.awaitProgress(channel, 20);
            }

            BrokerLoad.Verdict verdict = load.stop();

            assertThat(verdict.flaws()).isEmpty();
            assertThat(verdict.losses()).isZero();
        }
    }

    @Test
    void aSlotOnItsWayToAServerThatHasNoneIsUsedThere() throws Exception {
        RedisBroker broker = open();
        broker.subscribe("lobby", listener);
        List<Position> published = new ArrayList<>(List.of(publish(broker, "lobby", "before")));
        int slot = RedisClusterProcesses.slot("lobby");
        RedisProcess from = cluster.owner("lobby");
        RedisProcess fresh = cluster.addMaster();
        try (LoggedLines log = new LoggedLines()) {
            cluster.beginMigration(slot, from, fresh);
            int others = connections(fresh);
            long until = System.nanoTime() + ON_ITS_WAY.toNanos();
            while (System.nanoTime() - until < 0 || published.size() < 10) {
                published.add(publish(broker, "lobby", "on its way"));
                LockSupport.parkNanos(PAUSE.toNanos());
            }
            assertThat(broker.health().flaw()).isEmpty();
            assertThat(log.lines()).singleElement().asString().contains(fresh.address());
            assertThat(connections(fresh) - others).isLessThan(10);

            cluster.endMigration(slot, from, fresh);
            for (int i = 0; i < 10; i++) {
                published.add(eventuallyGet(() -> publish(broker, "lobby", "there")));
            }
            eventually(() -> assertThat(broker.health().flaw()).isEmpty());
            for (Position position : published) {
                assertThat(listener.nextMessage().position()).isEqualTo(position);
            }
            assertThat(log.lines()).hasSize(1);

            cluster.migrate(slot, fresh, from);
            Position last = eventuallyGet(() -> publish(broker, "lobby", "back"));
            assertThat(listener.nextMessage().position()).isEqualTo(last);
            assertThat(last.epoch()).isEqualTo(published.getFirst().epoch());
        } finally {
            cluster.remove(fresh);
        }
    }

    private static int connections(RedisProcess redis) {
        return ((String) redis.ask("INFO", "stats"))
                .lines()
                .filter(line -> line.startsWith("total_connections_received:"))
                .mapToInt(line -> Integer.parseInt(line.substring(line.indexOf(':') + 1)))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aManualFailoverLosesNothing() throws Exception {
        try (BrokerLoad load = new BrokerLoad(List.of(open(), open()), List.of("one", "two", "three"))) {
            load.awaitProgress("one", 20);
            RedisProcess replica = cluster.replicaOf(cluster.owner("one"));

            replica.ask("CLUSTER", "FAILOVER");

            eventually(() -> assertThat(cluster.owner("one")).isSameAs(replica));
            load.awaitProgress("one", 20);
            BrokerLoad.Verdict verdict = load.stop();
            assertThat(verdict.flaws()).isEmpty();
            assertThat(verdict.losses()).isZero();
        }
    }

    @Test
    void aKilledMasterIsReplaced() throws Exception {
        try (BrokerLoad load = new BrokerLoad(List.of(open(), open()), List.of("one", "two", "three"))) {
            load.awaitProgress("one", 20);
            RedisProcess master = cluster.owner("one");
            master.kill();
            load.awaitProgress("one", 20);
            master.start();

            BrokerLoad.Verdict verdict = load.stop();

            assertThat(verdict.flaws()).isEmpty();
            assertThat(verdict.unsure()).isPositive();
        }
    }

    @Test
    void whatAsynchronousReplicationLostIsSaid() throws Exception {
        RedisBroker broker = open();
        RedisBroker other = open();
        RecordingListener elsewhere = new RecordingListener();
        broker.subscribe("lobby", listener);
        other.subscribe("lobby", elsewhere);
        Position kept = publish(broker, "lobby", "kept");
        RedisProcess master = cluster.owner("lobby");
        RedisProcess replica = cluster.replicaOf(master);
        eventually(() ->
                assertThat(((List<?>) replica.ask("ROLE")).get(4)).isEqualTo(((List<?>) master.ask("ROLE")).get(1)));
        replica.freeze();
        master.ask("CLIENT", "KILL", "TYPE", "replica"); // what is on its way there is gone
        Position gone = publish(broker, "lobby", "gone");
        assertThat(gone).isEqualTo(kept.next());
        for (RecordingListener one : List.of(listener, elsewhere)) {
            assertThat(one.nextMessage().position()).isEqualTo(kept);
            assertThat(one.nextMessage().position()).isEqualTo(gone);
        }
        master.kill();
        replica.thaw();

        Position next = eventuallyGet(() -> publish(other, "lobby", "next"));

        assertThat(next.epoch()).isNotEqualTo(gone.epoch());
        for (RecordingListener one : List.of(listener, elsewhere)) {
            assertThat(one.nextLoss().next()).isEqualTo(next);
            assertThat(one.nextMessage().position()).isEqualTo(next);
        }
        master.start();
    }

    private static Position publish(Broker broker, String channel, String text) throws UnavailableException {
        return broker.publish(channel, "ada", new Content.Text(text), "").position();
    }
}

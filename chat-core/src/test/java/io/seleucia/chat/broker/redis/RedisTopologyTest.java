package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.memory.MemoryBudget;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisMovedDataException;

/** The nodes in use, as replies and reports of a cluster change them. */
class RedisTopologyTest {
    private static final int SLOT = 42;

    private static RedisClusterProcesses cluster;

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
    void heal() {
        cluster.awaitHealth();
    }

    @Test
    void aReplyThatASlotHasMovedCountsAtOnce() throws Exception {
        HostAndPort there = nowhere();
        try (RedisParts parts = new RedisParts(cluster.servers())) { // which asks nobody for the owners
            Object before = parts.topology.version();

            parts.topology.moved(moved(there), new HostAndPort("elsewhere", 1));

            assertThat(parts.topology.owner(SLOT).map(RedisNode::address)).contains(there);
            assertThat(parts.topology.owner(SLOT + 1)).isEmpty();
            Object after = parts.topology.version();
            assertThat(after).isNotSameAs(before);
            parts.topology.moved(moved(there), new HostAndPort("elsewhere", 1));
            assertThat(parts.topology.version()).as("nothing has changed").isSameAs(after);
            assertThat(parts.topology.all()).hasSize(1);
        }
    }

    @Test
    void aTargetWithoutAHostIsAtTheHostThatWasAsked() {
        JedisMovedDataException reply = moved(new HostAndPort("", 7_000));

        assertThat(RedisTopology.target(reply, new HostAndPort("asked", 6_000)))
                .isEqualTo(new HostAndPort("asked", 7_000));
        assertThat(RedisTopology.target(moved(new HostAndPort("there", 7_000)), new HostAndPort("asked", 6_000)))
                .isEqualTo(new HostAndPort("there", 7_000));
    }

    @Test
    void aNodeThatOwnsNoSlotByTheNextReportIsNoLongerUsed() throws Exception {
        HostAndPort there = nowhere();
        try (RedisParts parts = new RedisParts(cluster.servers()).start()) {
            RedisNode owner = parts.topology.owner(SLOT).orElseThrow();

            parts.topology.moved(moved(there), owner.address());

            eventually(() -> assertThat(parts.topology.owner(SLOT)).contains(owner));
            assertThat(parts.topology.all())
                    .hasSize(3)
                    .noneMatch(node -> node.address().equals(there));
        }
    }

    @Test
    void anImportingNodeOwnsNothingAndCountsNotForHealth() throws Exception {
        HostAndPort there = nowhere();
        try (RedisParts parts = new RedisParts(cluster.servers()).start()) {
            RedisNode owner = parts.topology.owner(SLOT).orElseThrow();

            RedisNode importing = parts.topology.importing(there, SLOT);

            assertThat(parts.topology.importing(there, SLOT)).isSameAs(importing);
            assertThat(parts.topology.all()).hasSize(4).contains(importing);
            assertThat(parts.topology.owner(SLOT)).contains(owner);
            assertThat(parts.topology.awaitUp(Duration.ZERO)).isTrue();
            assertThat(parts.topology.health().flaw()).isEmpty();
            assertThat(parts.topology.importing(owner.address(), SLOT))
                    .as("one that owns others")
                    .isSameAs(owner);

            parts.topology.moved(moved(there), owner.address());

            assertThat(parts.topology.owner(SLOT)).contains(importing);
            assertThat(parts.topology.health().flaw())
                    .hasValueSatisfying(flaw -> assertThat(flaw).contains(there.toString()));
        }
    }

    @Test
    void theReplicaThatTakesOverAcceptsNothingUntilAllServersHaveAnnouncedTheirPositions() throws Exception {
        RedisProcess master = cluster.owner("lobby");
        RedisProcess replica = cluster.replicaOf(master);
        try (RedisParts parts = new RedisParts(cluster.servers()).start()) {
            assertThat(parts.owner("lobby").pipeline().isTakingOver())
                    .as("it was the first")
                    .isFalse();

            replica.ask("CLUSTER", "FAILOVER");

            eventually(
                    () -> assertThat(parts.owner("lobby").address().getPort()).isEqualTo(replica.port()));
            assertThat(parts.owner("lobby").pipeline().isTakingOver()).isTrue();
            assertThat(parts.topology.all()).noneMatch(node -> node.address().getPort() == master.port());
            eventually(() ->
                    assertThat(parts.owner("lobby").pipeline().isTakingOver()).isFalse());
        }
    }

    @Test
    void refusesAPrefixThatWouldDecideTheSlots() {
        RedisServers servers = cluster.servers();

        assertThatThrownBy(() -> new RedisTopology(
                        servers,
                        new RedisConnectionFactory(servers, "a-test"),
                        new RedisKeys("{chat}:"),
                        "a-test",
                        null,
                        () -> {},
                        MemoryBudget.ofBytes(1 << 20)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("braces");
    }

    @Test
    void aClusterWithoutALivingSeedIsAFlawThatNamesIt() throws Exception {
        HostAndPort there = nowhere();
        try (RedisParts parts = new RedisParts(RedisServers.cluster(List.of(there.toString())))) {
            parts.topology.start();

            eventually(() -> assertThat(parts.topology.health().flaw())
                    .hasValueSatisfying(flaw -> assertThat(flaw).contains(there.toString())));
            assertThat(parts.topology.awaitUp(Duration.ofMillis(1))).isFalse();
        }
    }

    private static JedisMovedDataException moved(HostAndPort to) {
        return new JedisMovedDataException("MOVED", to, SLOT);
    }

    private static HostAndPort nowhere() throws Exception {
        return new HostAndPort("127.0.0.1", RedisProcess.freePort());
    }
}

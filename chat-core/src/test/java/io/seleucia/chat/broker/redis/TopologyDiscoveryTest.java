package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.faults.Host;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.HostAndPort;

/** Which reports about the owners of slots are used, and from where they come. */
class TopologyDiscoveryTest {
    private static final int LAST_SLOT = TopologyDiscovery.SLOTS - 1;
    private static final int MAX_OUTDATED = 50;

    private static TopologyDiscovery discovery(RedisServers servers) {
        return new TopologyDiscovery(servers, new RedisConnectionFactory(servers, "a-test"));
    }

    private static HostAndPort address(RedisProcess redis) {
        return new HostAndPort("127.0.0.1", redis.port());
    }

    private static String nowhere() throws Exception {
        return "127.0.0.1:" + RedisProcess.freePort();
    }

    @Nested
    class OfACluster {
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
        void findsTheOwnersOfAllSlotsFromOneSeedAmongDeadOnes() throws Exception {
            String living = cluster.nodes().getLast().address(); // a replica
            List<String> seeds = List.of(nowhere(), living, nowhere());
            try (TopologyDiscovery discovery = discovery(RedisServers.cluster(seeds))) {
                List<TopologyDiscovery.Range> ranges =
                        discovery.discover(List.of(), true).orElseThrow();

                for (int master = 0; master < 3; master++) {
                    String channel = RedisClusterProcesses.channelOf(master, "lobby");
                    assertThat(owner(ranges, RedisClusterProcesses.slot(channel)))
                            .isEqualTo(address(cluster.owner(channel)));
                }
                assertThat(ranges.stream()
                                .mapToInt(range -> range.last() - range.first() + 1)
                                .sum())
                        .isEqualTo(TopologyDiscovery.SLOTS);
            }
        }

        @Test
        void findsTheReplicaThatHasTakenOverFromAllKnownMasters() throws Exception {
            String channel = RedisClusterProcesses.channelOf(1, "lobby");
            RedisProcess master = cluster.owner(channel);
            int slot = RedisClusterProcesses.slot(channel);
            cluster.flush(); // a replica to which nothing was ever written is not reported
            eventually(() -> assertThat((List<?>) master.ask("CLUSTER", "SLOTS"))
                    .allSatisfy(range -> assertThat((List<?>) range).hasSize(4)));
            try (TopologyDiscovery discovery = discovery(RedisServers.cluster(List.of(master.address())))) {
                assertThat(owner(discovery.discover(List.of(), true).orElseThrow(), slot))
                        .isEqualTo(address(master));
                RedisProcess replica = cluster.replicaOf(master);
                master.kill();

                eventually(() -> assertThat(discovery
                                .discover(List.of(address(master)), true) // so that only a replica can tell
                                .map(ranges -> owner(ranges, slot)))
                        .contains(address(replica)));
            } finally {
                master.start();
            }
        }

        @Test
        void usesNoOlderViewThanItHasSeenUnlessThatStays() throws Exception {
            RedisProcess node = cluster.nodes().getFirst();
            try (RedisProcess outdated = clusterOfOne(0, LAST_SLOT, 1);
                    TopologyDiscovery discovery =
                            discovery(RedisServers.cluster(List.of(outdated.address(), node.address())))) {
                eventually(() -> assertThat(discovery
                                .discover(List.of(), true)
                                .map(ranges -> owner(ranges, 0).equals(address(outdated))))
                        .contains(false)); // a reply that is late does not count

                List<HostAndPort> asked = List.of(address(outdated));
                for (int i = 1; i < MAX_OUTDATED; i++) {
                    assertThat(discovery.discover(asked, false))
                            .as("answer %d", i)
                            .isEmpty();
                }
                eventually(() -> assertThat(discovery.discover(asked, false).map(ranges -> owner(ranges, 0)))
                        .contains(address(outdated)));
            }
        }

        @Test
        void usesNoViewOfANodeThatSaysThatTheClusterIsDown() throws Exception {
            try (RedisProcess node = clusterOfOne(0, LAST_SLOT - 1, 1);
                    TopologyDiscovery discovery = discovery(RedisServers.cluster(List.of(node.address())))) {
                assertThat(discovery.discover(List.of(), true)).isEmpty();
                assertThat(discovery.failure()).hasMessageContaining("says that the cluster is down");

                node.ask("CLUSTER", "ADDSLOTS", Integer.toString(LAST_SLOT));
                eventually(() -> assertThat(discovery.discover(List.of(), true)).isPresent());
            }
        }

        /** Starts a cluster of one node, which has these slots. */
        private static RedisProcess clusterOfOne(int first, int last, int epoch) throws Exception {
            RedisProcess node =
                    RedisProcess.begin("--cluster-enabled yes --save '' --cluster-port " + RedisProcess.freePort());
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", Integer.toString(epoch));
            node.ask("CLUSTER", "ADDSLOTSRANGE", Integer.toString(first), Integer.toString(last));
            boolean complete = first == 0 && last == LAST_SLOT;
            eventually(() -> assertThat((String) node.ask("CLUSTER", "INFO"))
                    .contains("cluster_state:" + (complete ? "ok" : "fail")));
            return node;
        }

        private static HostAndPort owner(List<TopologyDiscovery.Range> ranges, int slot) {
            return ranges.stream()
                    .filter(range -> range.first() <= slot && slot <= range.last())
                    .findFirst()
                    .orElseThrow()
                    .owner();
        }
    }

    @Nested
    class BehindSentinels {
        private final List<RedisProcess> started = new ArrayList<>();

        @AfterEach
        void stop() throws Exception {
            for (RedisProcess process : started) {
                process.close();
            }
        }

        @Test
        void usesTheReportOfTheNewestConfiguration() throws Exception {
            RedisProcess former = server();
            RedisProcess master = server();
            RedisProcess outdated = sentinel(former, 1);
            RedisProcess current = sentinel(master, 2);
            List<String> sentinels = List.of(nowhere(), outdated.address(), current.address());
            try (TopologyDiscovery discovery = discovery(RedisServers.sentinel("test", sentinels))) {
                eventually(() -> assertThat(master(discovery, List.of())).contains(address(master)));

                current.kill();
                for (int i = 1; i < MAX_OUTDATED; i++) {
                    assertThat(master(discovery, List.of(address(master))))
                            .as("answer %d", i)
                            .isEmpty();
                }
                eventually(() ->
                        assertThat(master(discovery, List.of(address(master)))).contains(address(former)));
            }
        }

        @Test
        void usesNoMasterThatIsNotOneYet() throws Exception {
            RedisProcess server = server();
            server.ask("REPLICAOF", "127.0.0.1", Integer.toString(RedisProcess.freePort()));
            List<String> sentinels = List.of(sentinel(server, 1).address());
            try (TopologyDiscovery discovery = discovery(RedisServers.sentinel("test", sentinels))) {
                assertThat(master(discovery, List.of())).isEmpty();
                assertThat(discovery.failure()).hasMessageContaining("is not the master yet");
                assertThat(master(discovery, List.of(address(server))))
                        .as("one that is in use is not asked")
                        .contains(address(server));

                server.ask("REPLICAOF", "NO", "ONE");
                assertThat(master(discovery, List.of())).contains(address(server));
            }
        }

        private static Optional<HostAndPort> master(TopologyDiscovery discovery, List<HostAndPort> owners) {
            return discovery
                    .discover(owners, true)
                    .map(ranges -> ranges.getFirst().owner());
        }

        private RedisProcess server() throws Exception {
            RedisProcess server = RedisProcess.begin("--save ''");
            started.add(server);
            return server;
        }

        /** Starts a sentinel that knows no other, and never takes the master for down. */
        private RedisProcess sentinel(RedisProcess master, int epoch) throws Exception {
            RedisProcess sentinel = RedisProcess.beginSentinel(
                    Host.HERE,
                    List.of(
                            "sentinel monitor test 127.0.0.1 " + master.port() + " 1",
                            "sentinel down-after-milliseconds test 3600000",
                            "sentinel config-epoch test " + epoch),
                    "");
            started.add(sentinel);
            return sentinel;
        }
    }
}

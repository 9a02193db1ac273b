package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Eventually;
import io.seleucia.chat.faults.Host;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import redis.clients.jedis.util.JedisClusterCRC16;

/** A Redis Cluster of a test's own: three masters with a third of the slots each, and three replicas. */
public final class RedisClusterProcesses implements AutoCloseable {
    private static final int MASTERS = 3;
    private static final int SLOTS = 16_384;

    /** After how much silence of a node the others take it for failed, or itself for cut off. */
    public static final Duration NODE_TIMEOUT = Duration.ofMillis(1_500);

    private final List<RedisProcess> nodes = new ArrayList<>();

    /** Starts one; where there is no redis-server, the test is skipped. */
    public static RedisClusterProcesses begin() throws Exception {
        return begin(Host.HERE, Host.HERE);
    }

    /** Starts one on two hosts: the first master and the second's replica, and all others. */
    public static RedisClusterProcesses begin(Host few, Host most) throws Exception {
        return begin(List.of(few, most, most, most, few, most), () -> "");
    }

    /** Starts one whose nodes speak TLS with everybody, and with each other. */
    static RedisClusterProcesses begin(RedisTls tls) throws Exception {
        return begin(Collections.nCopies(2 * MASTERS, Host.HERE), () -> tls.flags() + " --tls-cluster yes");
    }

    private static RedisClusterProcesses begin(List<Host> hosts, Callable<String> flags) throws Exception {
        RedisClusterProcesses cluster = new RedisClusterProcesses();
        try {
            cluster.start(hosts, flags);
            return cluster;
        } catch (Exception | AssertionError e) {
            cluster.close();
            throw e;
        }
    }

    private void start(List<Host> hosts, Callable<String> flags) throws Exception {
        int[] bus = new int[2 * MASTERS];
        for (int i = 0; i < bus.length; i++) {
            bus[i] = RedisProcess.freePort();
            nodes.add(RedisProcess.begin(hosts.get(i), settings(bus[i]) + flags.call()));
        }
        for (int i = 0; i < nodes.size(); i++) {
            RedisProcess node = nodes.get(i);
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", Integer.toString(i + 1));
            if (i < MASTERS) {
                int last = first(i + 1) - 1;
                node.ask("CLUSTER", "ADDSLOTSRANGE", Integer.toString(first(i)), Integer.toString(last));
            }
            node.ask(
                    "CLUSTER",
                    "MEET",
                    hosts.getFirst().address(),
                    Integer.toString(nodes.getFirst().announced()),
                    Integer.toString(bus[0]));
        }
        Eventually.eventually(() -> nodes.forEach(
                node -> assertThat(info(node, "cluster_known_nodes")).isEqualTo(Integer.toString(2 * MASTERS))));
        for (int i = 0; i < MASTERS; i++) {
            nodes.get(MASTERS + i).ask("CLUSTER", "REPLICATE", id(nodes.get(i)));
        }
        awaitHealth();
    }

    /** Waits until all replicas have all that their masters have. */
    public void awaitReplication() {
        Eventually.eventually(() -> masters()
                .forEach(master -> assertThat(role(replicaOf(master)).get(4))
                        .isEqualTo(role(master).get(1))));
    }

    private static List<?> role(RedisProcess node) {
        return (List<?>) node.ask("ROLE");
    }

    /** Waits until all nodes are there, agree, and every master has a replica that is up to date. */
    void awaitHealth() {
        Eventually.eventually(() -> {
            for (RedisProcess node : nodes) {
                assertThat(info(node, "cluster_state")).isEqualTo("ok");
                assertThat(info(node, "cluster_size")).isEqualTo("3");
                assertThat((String) node.ask("CLUSTER", "NODES")).doesNotContain("fail");
                List<?> role = role(node);
                if (role.getFirst().equals("slave")) {
                    assertThat(role.get(3)).isEqualTo("connected");
                }
            }
        });
    }

    private static String info(RedisProcess node, String field) {
        return ((String) node.ask("CLUSTER", "INFO"))
                .lines()
                .filter(line -> line.startsWith(field + ":"))
                .map(line -> line.substring(field.length() + 1).strip())
                .findFirst()
                .orElseThrow();
    }

    static String id(RedisProcess node) {
        return (String) node.ask("CLUSTER", "MYID");
    }

    List<RedisProcess> nodes() {
        return nodes;
    }

    /** Where it is. */
    public RedisServers servers() {
        return RedisServers.cluster(addresses());
    }

    /** Where its nodes are, as processes are told. */
    public List<String> addresses() {
        return nodes.stream().map(RedisProcess::address).toList();
    }

    /** A channel, of those with a name and a number, that one of the masters has from the beginning. */
    public static String channelOf(int master, String name) {
        return IntStream.iterate(0, i -> i + 1)
                .mapToObj(i -> name + "-" + i)
                .filter(channel -> slot(channel) >= first(master) && slot(channel) < first(master + 1))
                .findFirst()
                .orElseThrow();
    }

    private static int first(int master) {
        return master * SLOTS / MASTERS;
    }

    static int slot(String channel) {
        return JedisClusterCRC16.getSlot("chat:{" + channel + "}:live");
    }

    private Stream<RedisProcess> masters() {
        return nodes.stream()
                .filter(RedisProcess::isAlive)
                .filter(node -> role(node).getFirst().equals("master"));
    }

    /** The master that says that it has the channel. */
    RedisProcess owner(String channel) {
        String slot = Integer.toString(slot(channel));
        return masters()
                .filter(node -> {
                    try {
                        node.ask("CLUSTER", "GETKEYSINSLOT", slot, "1");
                        node.ask("HGET", "chat:{" + channel + "}:meta", "epoch");
                        return true;
                    } catch (AssertionError e) {
                        return false; // MOVED
                    }
                })
                .findFirst()
                .orElseThrow(() -> new AssertionError("nobody has slot " + slot));
    }

    /** A master that does not have the channel. */
    RedisProcess another(String channel) {
        RedisProcess owner = owner(channel);
        return masters().filter(node -> node != owner).findFirst().orElseThrow();
    }

    /** The replica of a master. */
    RedisProcess replicaOf(RedisProcess master) {
        return nodes.stream()
                .filter(RedisProcess::isAlive)
                .filter(node -> {
                    List<?> role = role(node);
                    return role.getFirst().equals("slave") && role.get(2).equals(Long.valueOf(master.announced()));
                })
                .findFirst()
                .orElseThrow();
    }

    /** Starts a further master, which has no slot. */
    RedisProcess addMaster() throws Exception {
        int bus = RedisProcess.freePort();
        RedisProcess added = RedisProcess.begin(settings(bus) + " --cluster-allow-replica-migration no");
        added.ask("CLUSTER", "SET-CONFIG-EPOCH", Integer.toString(nodes.size() + 1));
        added.ask(
                "CLUSTER",
                "MEET",
                "127.0.0.1",
                Integer.toString(nodes.getFirst().port()),
                busOf(nodes.getFirst()));
        Eventually.eventually(() -> {
            assertThat(info(added, "cluster_state")).isEqualTo("ok");
            nodes.forEach(node ->
                    assertThat((String) node.ask("CLUSTER", "NODES")).containsPattern(id(added) + "[^\\n]* connected"));
        });
        return added;
    }

    /** Ends a master that was added and has no slot any more. */
    void remove(RedisProcess added) throws IOException {
        String id = id(added);
        added.close();
        nodes.forEach(node -> node.ask("CLUSTER", "FORGET", id));
    }

    private static String busOf(RedisProcess node) {
        String own = ((String) node.ask("CLUSTER", "NODES"))
                .lines()
                .filter(line -> line.contains("myself"))
                .findFirst()
                .orElseThrow();
        return own.replaceFirst("^\\S+ \\S+@(\\d+).*", "$1");
    }

    private static String settings(int bus) {
        return "--cluster-enabled yes --cluster-node-timeout " + NODE_TIMEOUT.toMillis() + " --cluster-port " + bus
                + " --save '' --maxmemory 64mb --repl-diskless-sync-delay 0";
    }

    /** Moves a slot with its keys, a key at a time, as redis-cli does. */
    void migrate(int slot, RedisProcess from, RedisProcess to) {
        beginMigration(slot, from, to);
        endMigration(slot, from, to);
    }

    /** Moves the keys of a slot, which stays where it is. */
    void beginMigration(int slot, RedisProcess from, RedisProcess to) {
        String number = Integer.toString(slot);
        to.ask("CLUSTER", "SETSLOT", number, "IMPORTING", id(from));
        from.ask("CLUSTER", "SETSLOT", number, "MIGRATING", id(to));
        List<?> keys = (List<?>) from.ask("CLUSTER", "GETKEYSINSLOT", number, "1");
        while (!keys.isEmpty()) {
            from.ask("MIGRATE", "127.0.0.1", Integer.toString(to.port()), (String) keys.getFirst(), "0", "5000");
            keys = (List<?>) from.ask("CLUSTER", "GETKEYSINSLOT", number, "1");
        }
    }

    /** Moves a slot whose keys have been moved. */
    void endMigration(int slot, RedisProcess from, RedisProcess to) {
        String number = Integer.toString(slot);
        to.ask("CLUSTER", "SETSLOT", number, "NODE", id(to));
        from.ask("CLUSTER", "SETSLOT", number, "NODE", id(to));
    }

    /** Empties it. */
    public void flush() {
        masters().forEach(node -> node.ask("FLUSHALL"));
    }

    @Override
    public void close() throws IOException {
        for (RedisProcess node : nodes) {
            node.close();
        }
    }
}

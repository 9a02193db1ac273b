package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Eventually;
import io.seleucia.chat.faults.Host;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** A master of a test's own with a replica, and three sentinels that watch them. */
public final class RedisSentinelProcesses implements AutoCloseable {
    public static final String MASTER = "mymaster";
    private static final int SENTINELS = 3;

    private final List<RedisProcess> servers = new ArrayList<>();
    private final List<RedisProcess> sentinels = new ArrayList<>();

    static RedisSentinelProcesses begin() throws Exception {
        return begin(Host.HERE, Host.HERE);
    }

    /** Starts all of them with TLS. */
    static RedisSentinelProcesses begin(RedisTls tls) throws Exception {
        return begin(Host.HERE, Host.HERE, tls::flags);
    }

    /** Starts all on two hosts: the master with one sentinel, the replica with the others. */
    public static RedisSentinelProcesses begin(Host master, Host replica) throws Exception {
        return begin(master, replica, () -> "");
    }

    private static RedisSentinelProcesses begin(Host master, Host replica, Callable<String> flags) throws Exception {
        RedisSentinelProcesses all = new RedisSentinelProcesses();
        try {
            all.start(master, replica, flags);
            return all;
        } catch (Exception | AssertionError e) {
            all.close();
            throw e;
        }
    }

    private void start(Host master, Host replica, Callable<String> more) throws Exception {
        String flags = "--save '' --maxmemory 64mb --repl-diskless-sync-delay 0";
        servers.add(RedisProcess.begin(master, flags + more.call()));
        String address = master.address() + " " + servers.getFirst().announced();
        servers.add(RedisProcess.begin(replica, flags + more.call() + " --replicaof " + address));
        for (int i = 0; i < SENTINELS; i++) {
            sentinels.add(RedisProcess.beginSentinel(
                    i == 0 ? master : replica,
                    List.of(
                            "sentinel monitor " + MASTER + " " + address + " 2",
                            "sentinel down-after-milliseconds " + MASTER + " 2000",
                            "sentinel failover-timeout " + MASTER + " 5000"),
                    more.call()));
        }
        sentinels.forEach(RedisSentinelProcesses::hasten);
        awaitHealth();
    }

    /** Has a sentinel look more often at what the servers are, and take a pause for one later. Needs Redis 7; 6 is slower. */
    private static void hasten(RedisProcess sentinel) {
        String version = (String) sentinel.ask("INFO", "server");
        if (!version.contains("redis_version:6.")) {
            sentinel.ask("SENTINEL", "DEBUG", "INFO-PERIOD", "500", "PUBLISH-PERIOD", "200", "TILT-TRIGGER", "20000");
        }
    }

    /** Waits until all are there, agree on who is what, and the replica is up to date. */
    public void awaitHealth() {
        Eventually.eventually(() -> {
            for (RedisProcess sentinel : sentinels) {
                List<?> master = (List<?>) sentinel.ask("SENTINEL", "MASTER", MASTER);
                assertThat(field(master, "flags")).isEqualTo("master");
                assertThat(field(master, "num-other-sentinels")).isEqualTo(Integer.toString(SENTINELS - 1));
                assertThat(field(master, "num-slaves")).isEqualTo("1");
                assertThat(field(master, "port")).isEqualTo(Integer.toString(master().announced()));
                List<?> replica = (List<?>) ((List<?>) sentinel.ask("SENTINEL", "REPLICAS", MASTER)).getFirst();
                assertThat(field(replica, "role-reported")).isEqualTo("slave"); // else it would be made one again
            }
            assertThat(((List<?>) replica().ask("ROLE")).get(3)).isEqualTo("connected");
        });
    }

    private static Object field(List<?> fields, String name) {
        return fields.get(fields.indexOf(name) + 1);
    }

    public RedisServers named() {
        return RedisServers.sentinel(MASTER, addresses());
    }

    /** The server that says that it is the master. */
    public RedisProcess master() {
        return inRole("master");
    }

    public RedisProcess replica() {
        return inRole("slave");
    }

    private RedisProcess inRole(String role) {
        return servers.stream()
                .filter(RedisProcess::isAlive)
                .filter(server -> ((List<?>) server.ask("ROLE")).getFirst().equals(role))
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is no " + role));
    }

    /** Waits until the replica has all that the master has. */
    public void awaitReplication() {
        Eventually.eventually(() -> assertThat(((List<?>) replica().ask("ROLE")).get(4))
                .isEqualTo(((List<?>) master().ask("ROLE")).get(1)));
    }

    /** Waits until one is the master of all, by a failover if need be. */
    public void awaitMaster(RedisProcess server) {
        awaitHealth();
        Eventually.eventually(() -> {
            if (master() != server) {
                failOver(); // which is refused for a while after the last time, and may be given up
                awaitHealth();
            }
            assertThat(master()).isSameAs(server);
        });
    }

    /** Makes the replica the master, in the way of sentinels. */
    private void failOver() {
        sentinels.getFirst().ask("SENTINEL", "FAILOVER", MASTER);
    }

    /** What the sentinels have logged. */
    public String log() {
        StringBuilder log = new StringBuilder();
        for (RedisProcess sentinel : sentinels) {
            log.append("--- sentinel at ")
                    .append(sentinel.address())
                    .append('\n')
                    .append(sentinel.log());
        }
        return log.toString();
    }

    List<RedisProcess> sentinels() {
        return sentinels;
    }

    /** Master and replica, as it was in the beginning. */
    public List<RedisProcess> servers() {
        return servers;
    }

    /** Where the sentinels are, as processes are told. */
    public List<String> addresses() {
        return sentinels.stream().map(RedisProcess::address).toList();
    }

    @Override
    public void close() throws IOException {
        for (RedisProcess process : sentinels) {
            process.close();
        }
        for (RedisProcess process : servers) {
            process.close();
        }
    }
}

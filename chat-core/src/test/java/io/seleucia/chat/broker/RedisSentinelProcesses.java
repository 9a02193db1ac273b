package io.seleucia.chat.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Eventually;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A master of a test's own with a replica, and three sentinels that watch them. */
final class RedisSentinelProcesses implements AutoCloseable {
    static final String MASTER = "mymaster";
    private static final int SENTINELS = 3;

    private final List<RedisProcess> servers = new ArrayList<>();
    private final List<RedisProcess> sentinels = new ArrayList<>();

    static RedisSentinelProcesses begin() throws Exception {
        RedisSentinelProcesses all = new RedisSentinelProcesses();
        try {
            all.start();
            return all;
        } catch (Exception | AssertionError e) {
            all.close();
            throw e;
        }
    }

    private void start() throws Exception {
        String flags = "--save '' --maxmemory 64mb --repl-diskless-sync-delay 0";
        servers.add(RedisProcess.begin(flags));
        String port = Integer.toString(servers.getFirst().port());
        servers.add(RedisProcess.begin(flags + " --replicaof 127.0.0.1 " + port));
        for (int i = 0; i < SENTINELS; i++) {
            sentinels.add(RedisProcess.beginSentinel(List.of(
                    "sentinel monitor " + MASTER + " 127.0.0.1 " + port + " 2",
                    "sentinel down-after-milliseconds " + MASTER + " 1000",
                    "sentinel failover-timeout " + MASTER + " 5000")));
        }
        awaitHealth();
    }

    /** Waits until all are there and the replica is up to date. */
    void awaitHealth() {
        Eventually.eventually(() -> {
            for (RedisProcess sentinel : sentinels) {
                List<?> master = (List<?>) sentinel.ask("SENTINEL", "MASTER", MASTER);
                assertThat(field(master, "flags")).isEqualTo("master");
                assertThat(field(master, "num-other-sentinels")).isEqualTo(Integer.toString(SENTINELS - 1));
                assertThat(field(master, "num-slaves")).isEqualTo("1");
                assertThat(field(master, "port")).isEqualTo(Integer.toString(master().port()));
            }
            assertThat(((List<?>) replica().ask("ROLE")).get(3)).isEqualTo("connected");
        });
    }

    private static Object field(List<?> fields, String name) {
        return fields.get(fields.indexOf(name) + 1);
    }

    RedisServers named() {
        return RedisServers.sentinel(
                MASTER, sentinels.stream().map(RedisProcess::address).toList());
    }

    /** The server that says that it is the master. */
    RedisProcess master() {
        return inRole("master");
    }

    RedisProcess replica() {
        return inRole("slave");
    }

    private RedisProcess inRole(String role) {
        return servers.stream()
                .filter(RedisProcess::isAlive)
                .filter(server -> ((List<?>) server.ask("ROLE")).getFirst().equals(role))
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is no " + role));
    }

    List<RedisProcess> sentinels() {
        return sentinels;
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

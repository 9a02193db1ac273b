package io.seleucia.chat.faults;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Limits;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.InMemoryBroker;
import io.seleucia.chat.broker.RedisBroker;
import io.seleucia.chat.broker.RedisSentinelProcesses;
import io.seleucia.chat.broker.RedisServers;
import io.seleucia.chat.broker.Retention;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A chat server as a process: {@code ServerMain ADDRESS PORT PING STORE}, PING being milliseconds of silence after which
 * clients are pinged, which have half of that to answer, and the store the URI of a Redis, or of a directory for a
 * journal, or {@code sentinels:} or {@code cluster:} with addresses. It prints its port, and how it is whenever a line comes; it drains
 * when it is told to end, and ends at once when its standard input does, which is with its parent.
 */
final class ServerMain {
    static final String SENTINELS = "sentinels:";
    static final String CLUSTER = "cluster:";

    private static final Limits LIMITS =
            Limits.DEFAULT.withRateMessages(1_000_000).withRateBurst(1_000_000).withDrainTimeout(Duration.ofSeconds(5));

    private ServerMain() {}

    public static void main(String[] arguments) throws Exception {
        Broker broker = broker(arguments[3]);
        Duration ping = Duration.ofMillis(Long.parseLong(arguments[2]));
        ChatServer server = ChatServer.builder()
                .host(arguments[0])
                .port(Integer.parseInt(arguments[1]))
                .broker(broker)
                .limits(LIMITS.withPingInterval(ping).withPongTimeout(ping.dividedBy(2)))
                .start();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            server.close();
            broker.close();
        }));
        System.out.println(server.port());
        for (int said = System.in.read(); said >= 0; said = System.in.read()) {
            if (said == '\n') {
                System.out.println(status(server, broker.health()));
            }
        }
        Runtime.getRuntime().halt(1);
    }

    private static String status(ChatServer server, Broker.Health health) {
        return health.proven().map(Duration::toMillis).orElse(-1L) + " "
                + server.metrics().queuedBytes() + " "
                + health.reconnects() + " "
                + health.flaw().orElse("");
    }

    private static Broker broker(String store) throws IOException {
        if (store.startsWith(SENTINELS)) {
            return over(RedisServers.sentinel(RedisSentinelProcesses.MASTER, addresses(store, SENTINELS)));
        }
        if (store.startsWith(CLUSTER)) {
            return over(RedisServers.cluster(addresses(store, CLUSTER)));
        }
        URI uri = URI.create(store);
        return uri.getScheme().equals("file")
                ? InMemoryBroker.open(Retention.DEFAULT, Path.of(uri), InMemoryBroker.Fsync.INTERVAL)
                : new RedisBroker(uri, RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT);
    }

    private static List<String> addresses(String store, String kind) {
        return List.of(store.substring(kind.length()).split(","));
    }

    private static Broker over(RedisServers servers) {
        return new RedisBroker(servers, RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT);
    }
}

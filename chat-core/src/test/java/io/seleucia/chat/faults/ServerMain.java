package io.seleucia.chat.faults;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Limits;
import io.seleucia.chat.Quotas;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.JournaledBrokers;
import io.seleucia.chat.broker.redis.RedisBrokers;
import io.seleucia.chat.broker.redis.RedisSentinelProcesses;
import io.seleucia.chat.broker.redis.RedisServers;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A chat server as a process: {@code ServerMain ADDRESS PORT PING STORE}, PING being milliseconds of silence after which
 * clients are pinged, which have half of that to answer, and the store the URI of a Redis, or of a directory for a
 * journal, or {@code sentinels:} or {@code cluster:} with addresses. It prints its port, and one line for each that comes:
 * how it is for an empty one, {@code ok} for {@code hush} ({@link EmbeddedMain} stops publishing), {@code delete CHANNEL}
 * and {@code deleteFrom SENDER}. It drains when it is told to end, and ends at once when its standard input does, which is
 * with its parent.
 */
final class ServerMain {
    /** The answer to what was done. */
    static final String OK = "ok";

    static final String SENTINELS = "sentinels:";
    static final String CLUSTER = "cluster:";

    /** How long keys are remembered, where that is not the default, as {@link Duration#parse} reads it. */
    static final String KEYS = "faults.keys";

    /** How much faster than they ought to servers over Redis find out which others are dead. */
    static final String TIMES_FASTER = "faults.faster";

    /** How large the files of a journal are, where that is not the default. */
    static final String SEGMENT_BYTES = "faults.segment";

    private static final Limits LIMITS = Limits.DEFAULT
            .withRateMessages(1_000_000)
            .withRateBurst(1_000_000)
            .withQuotas(Quotas.NONE)
            .withDrainTimeout(Duration.ofSeconds(5));

    private ServerMain() {}

    public static void main(String[] arguments) throws Exception {
        Broker broker = broker(arguments[3]);
        Duration ping = Duration.ofMillis(Long.parseLong(arguments[2]));
        ChatServer server = InjectedErrors.in(ChatServer.builder())
                .host(arguments[0])
                .port(Integer.parseInt(arguments[1]))
                .broker(broker)
                .limits(LIMITS.withPingInterval(ping).withPongTimeout(ping.dividedBy(2)))
                .start();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            server.close();
            broker.close();
        }));
        Optional<EmbeddedMain> program = EmbeddedMain.in(server);
        System.out.println(server.port());
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(line.isEmpty() ? status(server, broker.health()) : carryOut(line, broker, program));
        }
        Runtime.getRuntime().halt(1);
    }

    private static String carryOut(String line, Broker broker, Optional<EmbeddedMain> program)
            throws InterruptedException {
        String[] words = line.split(" ");
        try {
            switch (words[0]) {
                case "hush" -> program.orElseThrow().hush();
                case "delete" -> broker.delete(words[1]);
                case "deleteFrom" -> broker.deleteFrom(words[1]);
                default -> throw new IllegalArgumentException(line);
            }
            return OK;
        } catch (UnavailableException e) {
            return "unavailable";
        }
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
                ? JournaledBrokers.open(retention(), Path.of(uri), Long.getLong(SEGMENT_BYTES))
                : over(RedisServers.at(uri));
    }

    private static List<String> addresses(String store, String kind) {
        return List.of(store.substring(kind.length()).split(","));
    }

    private static Broker over(RedisServers servers) {
        return RedisBrokers.over(servers, retention(), Integer.getInteger(TIMES_FASTER, 1));
    }

    private static Retention retention() {
        String keys = System.getProperty(KEYS);
        return keys == null ? Retention.DEFAULT : Retention.DEFAULT.withKeys(Duration.parse(keys));
    }
}

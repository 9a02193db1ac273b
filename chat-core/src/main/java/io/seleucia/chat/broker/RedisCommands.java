package io.seleucia.chat.broker;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/**
 * What the broker asks of Redis, each a single step there. All methods block, for less than two seconds in all: the
 * wait for a connection, to connect, and for the answer have a bound each.
 */
final class RedisCommands implements AutoCloseable {
    static final Duration CONNECT = Duration.ofMillis(500);
    static final Duration ANSWER = Duration.ofMillis(1_000);
    private static final Duration WAIT = Duration.ofMillis(300);
    private static final int MAX_CONNECTIONS = 16;

    private static final Script PUBLISH = Script.of("position.lua", "publish.lua");
    private static final Script HISTORY = Script.of("position.lua", "history.lua");
    private static final Script JOIN = Script.of("join.lua");
    private static final Script REFRESH = Script.of("refresh.lua");
    private static final Script MEMBERS = Script.of("members.lua");

    private final RedisClient redis;
    private final RedisKeys keys;
    private final Retention retention;
    private final RedisHealth health;

    RedisCommands(
            HostAndPort address, JedisClientConfig config, RedisKeys keys, Retention retention, RedisHealth health) {
        ConnectionPoolConfig pool = new ConnectionPoolConfig();
        pool.setMaxTotal(MAX_CONNECTIONS);
        pool.setMaxIdle(MAX_CONNECTIONS);
        pool.setMaxWait(WAIT);
        pool.setJmxEnabled(false);
        this.redis = RedisClient.builder()
                .hostAndPort(address)
                .clientConfig(config)
                .poolConfig(pool)
                .build();
        this.keys = keys;
        this.retention = retention;
        this.health = health;
    }

    /**
     * Appends and publishes.
     *
     * @param seen the newest position that this process has delivered, which no new message may have again
     */
    Broker.Receipt publish(String channel, String sender, Content content, String key, Position seen)
            throws UnavailableException {
        List<String> names = new ArrayList<>(List.of(keys.log(channel), keys.meta(channel)));
        if (!key.isEmpty()) {
            names.add(keys.key(channel, sender, key));
        }
        List<?> answer = (List<?>) run(
                PUBLISH,
                names,
                List.of(
                        keys.live(channel),
                        freshEpoch(),
                        seen.epoch(),
                        text(seen.offset()),
                        text(retention.messages()),
                        text(retention.age().toMillis()),
                        text(retention.positions().toMillis()),
                        text(retention.keys().toMillis()),
                        RedisMessage.encode(sender, content)));
        return new Broker.Receipt(position(answer), ((Number) answer.get(2)).intValue() == 1);
    }

    /** The oldest messages after an offset of the epoch of {@code seen}; all, if the channel's is another by now. */
    Broker.Page after(String channel, Position seen, long offset, int limit) throws UnavailableException {
        return history(channel, seen, "after", offset, limit);
    }

    /** The newest messages before an offset. */
    Broker.Page before(String channel, Position seen, long offset, int limit) throws UnavailableException {
        Broker.Page page = history(channel, seen, "before", offset, limit);
        return new Broker.Page(page.position(), page.messages().reversed());
    }

    private Broker.Page history(String channel, Position seen, String direction, long offset, int limit)
            throws UnavailableException {
        List<?> answer = (List<?>) run(
                HISTORY,
                List.of(keys.log(channel), keys.meta(channel)),
                List.of(
                        freshEpoch(),
                        seen.epoch(),
                        text(seen.offset()),
                        text(retention.positions().toMillis()),
                        text(retention.age().toMillis()),
                        direction,
                        text(offset),
                        text(limit)));
        List<Message> messages = ((List<?>) answer.get(2))
                .stream()
                        .map(text -> RedisMessage.decode(channel, (String) text))
                        .toList();
        return new Broker.Page(position(answer), messages);
    }

    /** Notes how many sessions of a client this node has in a channel; gives those on other nodes. */
    long join(String channel, String node, String client, int sessions, Duration lifetime) throws UnavailableException {
        return (Long) run(
                JOIN,
                List.of(keys.presence(channel)),
                List.of(node, client, text(sessions), text(lifetime.toMillis()), keys.live(channel)));
    }

    /** This node's sign of life in a channel; false if Redis has forgotten what it noted there. */
    boolean refresh(String channel, String node, Duration lifetime) throws UnavailableException {
        return (Long) run(
                        REFRESH,
                        List.of(keys.presence(channel)),
                        List.of(node, text(lifetime.toMillis()), keys.live(channel)))
                == 1;
    }

    Map<String, Integer> members(String channel) throws UnavailableException {
        List<?> answer = (List<?>) run(MEMBERS, List.of(keys.presence(channel)), List.of());
        Map<String, Integer> members = new TreeMap<>();
        for (int i = 0; i < answer.size(); i += 2) {
            members.put((String) answer.get(i), Integer.valueOf((String) answer.get(i + 1)));
        }
        return members;
    }

    /** Notes a channel of a client. */
    void addChannel(String client, String channel, Duration lifetime) throws UnavailableException {
        call(redis -> {
            try (var pipeline = redis.pipelined()) {
                pipeline.hset(keys.client(client), channel, "set");
                pipeline.pexpire(keys.client(client), lifetime.toMillis());
            }
            return null;
        });
    }

    void removeChannel(String client, String channel) throws UnavailableException {
        call(redis -> redis.hdel(keys.client(client), channel));
    }

    void signal(String channel, Broker.Signal signal) throws UnavailableException {
        call(redis -> redis.publish(keys.live(channel), RedisMessage.encode(signal)));
    }

    void publishProbe(String node) throws UnavailableException {
        call(redis -> redis.publish(keys.probe(node), "probe"));
    }

    /** Closes the idle connections, which a restart of Redis has broken, so that no command has to find that out. */
    void dropIdleConnections() {
        redis.getPool().clear();
    }

    @Override
    public void close() {
        redis.close();
    }

    private Object run(Script script, List<String> keys, List<String> arguments) throws UnavailableException {
        return call(redis -> {
            try {
                return redis.evalsha(script.sha1(), keys, arguments);
            } catch (JedisNoScriptException e) {
                return redis.eval(script.text(), keys, arguments); // Redis has restarted, or never seen it
            }
        });
    }

    private <T> T call(Function<RedisClient, T> command) throws UnavailableException {
        try {
            T answer = command.apply(redis);
            health.answered();
            return answer;
        } catch (JedisDataException e) {
            // Redis lives and refuses: out of memory, loading, a key of another type, no permission.
            health.refused(e);
            throw new UnavailableException("Redis refused: " + e.getMessage(), e);
        } catch (JedisException e) {
            if (e instanceof JedisConnectionException) {
                health.lost(e);
            }
            throw new UnavailableException("Redis: " + e.getMessage(), e);
        }
    }

    private static Position position(List<?> answer) {
        return new Position((String) answer.get(0), Long.parseLong((String) answer.get(1)));
    }

    private static String freshEpoch() {
        return UUID.randomUUID().toString();
    }

    private static String text(long number) {
        return Long.toString(number);
    }

    /** A Lua script and the name that Redis caches it by. */
    private record Script(String text, String sha1) {
        static Script of(String... files) {
            StringBuilder text = new StringBuilder();
            for (String file : files) {
                text.append(read(file));
            }
            try {
                byte[] digest = MessageDigest.getInstance("SHA-1")
                        .digest(text.toString().getBytes(StandardCharsets.UTF_8));
                return new Script(text.toString(), HexFormat.of().formatHex(digest));
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every JDK has SHA-1", e);
            }
        }

        private static String read(String file) {
            try (InputStream script = RedisCommands.class.getResourceAsStream(file)) {
                return new String(script.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException("a script is missing from the jar", e);
            }
        }
    }
}

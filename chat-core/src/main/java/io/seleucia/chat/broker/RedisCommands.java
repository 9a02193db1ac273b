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
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisNoScriptException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;
import redis.clients.jedis.resps.StreamEntry;

/** What the broker asks of Redis, each a single step there. All methods block, for less than two seconds. */
final class RedisCommands implements AutoCloseable {
    private static final int KEYS = 500; // looked at by one command
    private static final int ENTRIES = 100; // of a history, read by one command
    private static final int CALL_BYTES = 256; // what a command takes, about, aside from its arguments

    private static final Script PUBLISH = Script.of("position.lua", "publish.lua");
    private static final Script HISTORY = Script.of("position.lua", "history.lua");
    private static final Script JOIN = Script.of("join.lua");
    private static final Script REFRESH = Script.of("refresh.lua");
    private static final Script MEMBERS = Script.of("members.lua");

    private final RedisPipeline redis;
    private final RedisKeys keys;
    private final Retention retention;
    private final RedisHealth health;

    RedisCommands(
            HostAndPort address, JedisClientConfig config, RedisKeys keys, Retention retention, RedisHealth health) {
        this.redis = new RedisPipeline(address, config, health);
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

    /** The oldest messages after a position; the oldest of all, if the channel's epoch is another by now. */
    Broker.Page since(String channel, Position seen, int limit) throws UnavailableException {
        return history(channel, seen, "since", seen.offset(), limit);
    }

    /** The oldest messages after an offset, whatever the epoch. */
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

    /** Takes away the whole history. */
    void delete(String channel) throws UnavailableException {
        ask(CALL_BYTES, pipeline -> pipeline.del(keys.log(channel)));
    }

    /** Takes a sender's messages out of all histories, a few at a time. May block for long, though no command does. */
    void deleteFrom(String sender) throws UnavailableException {
        ScanParams logs = new ScanParams().match(keys.allLogs()).count(KEYS);
        String cursor = ScanParams.SCAN_POINTER_START;
        do {
            String at = cursor;
            ScanResult<String> found = ask(CALL_BYTES, pipeline -> pipeline.scan(at, logs, "stream"));
            for (String log : found.getResult()) {
                deleteFrom(sender, log);
            }
            cursor = found.getCursor();
        } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
    }

    private void deleteFrom(String sender, String log) throws UnavailableException {
        String from = "-";
        List<StreamEntry> entries;
        do {
            String begin = from;
            entries = ask(CALL_BYTES, pipeline -> pipeline.xrange(log, begin, "+", ENTRIES));
            StreamEntryID[] theirs = entries.stream()
                    .filter(entry -> isFrom(sender, entry))
                    .map(StreamEntry::getID)
                    .toArray(StreamEntryID[]::new);
            if (theirs.length > 0) {
                ask(CALL_BYTES, pipeline -> pipeline.xdel(log, theirs));
            }
            from = entries.isEmpty() ? from : "(" + entries.getLast().getID();
        } while (entries.size() == ENTRIES);
    }

    private static boolean isFrom(String sender, StreamEntry entry) {
        String message = entry.getFields().get("message");
        return message != null
                && RedisMessage.live("", message) instanceof RedisMessage.Live.Published published
                && !published.message().position().equals(Position.NONE)
                && published.message().sender().equals(sender);
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
        ask(CALL_BYTES, pipeline -> {
            pipeline.hset(keys.client(client), channel, "set");
            return pipeline.pexpire(keys.client(client), lifetime.toMillis());
        });
    }

    void removeChannel(String client, String channel) throws UnavailableException {
        ask(CALL_BYTES, pipeline -> pipeline.hdel(keys.client(client), channel));
    }

    void signal(String channel, Broker.Signal signal) throws UnavailableException {
        String text = RedisMessage.encode(signal);
        ask(CALL_BYTES + size(text), pipeline -> pipeline.publish(keys.live(channel), text));
    }

    void publishProbe(String node) throws UnavailableException {
        ask(CALL_BYTES, pipeline -> pipeline.publish(keys.probe(node), "probe"));
    }

    /** Asks for nothing but an answer. */
    void ping() throws UnavailableException {
        ask(CALL_BYTES, pipeline -> pipeline.sendCommand(Protocol.Command.PING, new String[0]));
    }

    /** Makes the connections anew, which a restart of Redis has broken, so that no command has to find that out. */
    void reconnect() {
        redis.reconnect();
    }

    @Override
    public void close() {
        redis.close();
    }

    private Object run(Script script, List<String> keys, List<String> arguments) throws UnavailableException {
        int bytes =
                CALL_BYTES + arguments.stream().mapToInt(RedisCommands::size).sum();
        try {
            return redis.ask(bytes, pipeline -> pipeline.evalsha(script.sha1(), keys, arguments));
        } catch (JedisNoScriptException e) {
            return ask(bytes, pipeline -> pipeline.eval(script.text(), keys, arguments)); // Redis has never seen it
        } catch (JedisDataException e) {
            throw refused(e);
        }
    }

    private <T> T ask(int bytes, Function<Pipeline, Response<T>> command) throws UnavailableException {
        try {
            return redis.ask(bytes, command);
        } catch (JedisDataException e) {
            throw refused(e);
        }
    }

    /** Redis lives and refuses: out of memory, loading, a key of another type, no permission. */
    private UnavailableException refused(JedisDataException why) {
        health.refused(why);
        return new UnavailableException("Redis refused: " + why.getMessage(), why);
    }

    private static int size(String text) {
        return 2 * text.length();
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

package io.seleucia.chat.broker;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisMovedDataException;
import redis.clients.jedis.exceptions.JedisNoScriptException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;
import redis.clients.jedis.resps.StreamEntry;

/**
 * What the broker asks of Redis, each a single step there. All methods block, for less than two seconds. A question goes
 * to the server that has the channel; one that passes it on, or can't answer for the moment, is asked again, or who has
 * the channel by then.
 */
final class RedisCommands {
    private static final Duration LONGEST = Duration.ofMillis(1_900);
    private static final long FIRST_PAUSE_MILLIS = 10;
    private static final long LONGEST_PAUSE_MILLIS = 100;
    private static final List<String> PASSING =
            List.of("TRYAGAIN", "CLUSTERDOWN", "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS");
    private static final int KEYS = 500; // looked at by one command
    private static final int ENTRIES = 100; // of a history, read by one command
    private static final int CALL_BYTES = 256; // what a command takes, about, aside from its arguments

    private static final RedisScript PUBLISH = RedisScript.of("position.lua", "publish.lua");
    private static final RedisScript HISTORY = RedisScript.of("position.lua", "history.lua");
    private static final RedisScript JOIN = RedisScript.of("join.lua");
    private static final RedisScript REFRESH = RedisScript.of("refresh.lua");
    private static final RedisScript ADD_CHANNEL = RedisScript.of("channel.lua");
    private static final RedisScript MEMBERS = RedisScript.of("members.lua");

    private final RedisNodes nodes;
    private final RedisKeys keys;
    private final Retention retention;
    private final String publishing;

    RedisCommands(RedisNodes nodes, RedisKeys keys, Retention retention) {
        this.nodes = nodes;
        this.keys = keys;
        this.retention = retention;
        this.publishing = nodes.publishing().name();
    }

    /** Whether the server that has a channel can be reached. */
    boolean isUp(String channel) {
        return nodes.isUp(slot(channel));
    }

    private int slot(String channel) {
        return nodes.slot(keys.live(channel)); // and all else that a channel has
    }

    /**
     * Appends and publishes.
     *
     * @param seen the newest that this process has delivered, whose position no new message may have again
     */
    Broker.Receipt publish(String channel, String sender, Content content, String key, RedisFeed.Seen seen)
            throws UnavailableException {
        List<String> names = new ArrayList<>(List.of(keys.log(channel), keys.meta(channel)));
        if (!key.isEmpty()) {
            names.add(keys.key(channel, sender, key));
        }
        List<?> answer = (List<?>) run(
                PUBLISH,
                true,
                slot(channel),
                names,
                List.of(
                        keys.live(channel),
                        freshEpoch(),
                        seen.position().epoch(),
                        text(seen.position().offset()),
                        text(retention.messages()),
                        text(retention.age().toMillis()),
                        text(retention.positions().toMillis()),
                        text(retention.keys().toMillis()),
                        RedisMessage.encode(sender, content),
                        publishing));
        return new Broker.Receipt(position(answer), ((Number) answer.get(2)).intValue() == 1);
    }

    /**
     * The oldest messages after what was seen. If the channel's epoch is another by now, what is left of the one that was
     * seen comes first, and each message has the epoch in which it was published.
     */
    Broker.Page since(String channel, RedisFeed.Seen seen, int limit) throws UnavailableException {
        return history(channel, seen, "since", seen.position().offset(), limit);
    }

    /** The oldest messages after an offset, all as of the channel's epoch. */
    Broker.Page after(String channel, RedisFeed.Seen seen, long offset, int limit) throws UnavailableException {
        return ofOneEpoch(history(channel, seen, "after", offset, limit));
    }

    /** The newest messages before an offset, all as of the channel's epoch. */
    Broker.Page before(String channel, RedisFeed.Seen seen, long offset, int limit) throws UnavailableException {
        Broker.Page page = ofOneEpoch(history(channel, seen, "before", offset, limit));
        return new Broker.Page(page.position(), page.messages().reversed());
    }

    private static Broker.Page ofOneEpoch(Broker.Page page) {
        Position now = page.position();
        List<Message> messages = page.messages().stream()
                .map(one -> one.position().sameEpoch(now) ? one : moved(one, now))
                .toList();
        return new Broker.Page(now, messages);
    }

    private static Message moved(Message one, Position epoch) {
        Position position = epoch.at(one.position().offset());
        return new Message(one.channel(), position, one.sender(), one.time(), one.content());
    }

    private Broker.Page history(String channel, RedisFeed.Seen seen, String direction, long offset, int limit)
            throws UnavailableException {
        List<?> answer = (List<?>) run(
                HISTORY,
                false,
                slot(channel),
                List.of(keys.log(channel), keys.meta(channel)),
                List.of(
                        freshEpoch(),
                        seen.position().epoch(),
                        text(seen.position().offset()),
                        text(seen.time()),
                        text(retention.positions().toMillis()),
                        text(retention.age().toMillis()),
                        direction,
                        text(offset),
                        text(limit)));
        List<Message> messages = ((List<?>) answer.get(2))
                .stream()
                        .map(text -> RedisMessage.decode(channel, (String) text))
                        .filter(message -> !message.position().equals(Position.NONE)) // none of ours
                        .toList();
        return new Broker.Page(position(answer), messages);
    }

    /** Takes away the whole history. */
    void delete(String channel) throws UnavailableException {
        ask(slot(channel), CALL_BYTES, pipeline -> pipeline.del(keys.log(channel)));
    }

    /**
     * Takes a sender's messages out of all histories, a few at a time. May block for long, though no command does. Where
     * channels move from server to server meanwhile, all servers are looked through again.
     */
    void deleteFrom(String sender) throws UnavailableException {
        Object places;
        do {
            places = nodes.places();
            for (RedisNode node : nodes.all()) {
                deleteFrom(sender, node);
            }
        } while (nodes.places() != places);
    }

    private void deleteFrom(String sender, RedisNode node) throws UnavailableException {
        ScanParams logs = new ScanParams().match(keys.allLogs()).count(KEYS);
        String cursor = ScanParams.SCAN_POINTER_START;
        do {
            String at = cursor;
            ScanResult<String> found = scan(node, pipeline -> pipeline.scan(at, logs, "stream"));
            for (String log : found.getResult()) {
                deleteFrom(sender, log);
            }
            cursor = found.getCursor();
        } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
    }

    private static <T> T scan(RedisNode node, Function<Pipeline, Response<T>> command) throws UnavailableException {
        try {
            return node.pipeline()
                    .ask(
                            new RedisPipeline.Question<>(CALL_BYTES, false, command),
                            System.nanoTime() + LONGEST.toNanos());
        } catch (JedisDataException e) {
            throw refused(node, e);
        } catch (JedisException e) {
            throw new UnavailableException("Redis: " + e.getMessage(), e);
        }
    }

    private void deleteFrom(String sender, String log) throws UnavailableException {
        int slot = nodes.slot(log);
        String from = "-";
        List<StreamEntry> entries;
        do {
            String begin = from;
            entries = ask(slot, CALL_BYTES, pipeline -> pipeline.xrange(log, begin, "+", ENTRIES));
            StreamEntryID[] theirs = entries.stream()
                    .filter(entry -> isFrom(sender, entry))
                    .map(StreamEntry::getID)
                    .toArray(StreamEntryID[]::new);
            if (theirs.length > 0) {
                ask(slot, CALL_BYTES, pipeline -> pipeline.xdel(log, theirs));
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
                false,
                slot(channel),
                List.of(keys.presence(channel)),
                List.of(node, client, text(sessions), text(lifetime.toMillis()), keys.live(channel), publishing));
    }

    /** This node's sign of life in a channel; false if Redis has forgotten what it noted there. */
    boolean refresh(String channel, String node, Duration lifetime) throws UnavailableException {
        return (Long) run(
                        REFRESH,
                        false,
                        slot(channel),
                        List.of(keys.presence(channel)),
                        List.of(node, text(lifetime.toMillis()), keys.live(channel), publishing))
                == 1;
    }

    Map<String, Integer> members(String channel) throws UnavailableException {
        List<?> answer = (List<?>) run(MEMBERS, false, slot(channel), List.of(keys.presence(channel)), List.of());
        Map<String, Integer> members = new TreeMap<>();
        for (int i = 0; i < answer.size(); i += 2) {
            members.put((String) answer.get(i), Integer.valueOf((String) answer.get(i + 1)));
        }
        return members;
    }

    /** Notes a channel of a client. */
    void addChannel(String client, String channel, Duration lifetime) throws UnavailableException {
        String key = keys.client(client);
        run(ADD_CHANNEL, false, nodes.slot(key), List.of(key), List.of(channel, text(lifetime.toMillis())));
    }

    void removeChannel(String client, String channel) throws UnavailableException {
        String key = keys.client(client);
        ask(nodes.slot(key), CALL_BYTES, pipeline -> pipeline.hdel(key, channel));
    }

    void signal(String channel, Broker.Signal signal) throws UnavailableException {
        String text = RedisMessage.encode(signal);
        ask(
                slot(channel),
                CALL_BYTES + size(text),
                pipeline -> pipeline.sendCommand(nodes.publishing(), keys.live(channel), text));
    }

    /**
     * Runs a script.
     *
     * @param lasting whether it appends to a history, for ever
     */
    private Object run(RedisScript script, boolean lasting, int slot, List<String> keys, List<String> arguments)
            throws UnavailableException {
        int bytes =
                CALL_BYTES + arguments.stream().mapToInt(RedisCommands::size).sum();
        long deadline = System.nanoTime() + LONGEST.toNanos();
        try {
            return ask(
                    slot,
                    new RedisPipeline.Question<>(
                            bytes, lasting, pipeline -> pipeline.evalsha(script.sha1(), keys, arguments)),
                    deadline);
        } catch (JedisNoScriptException e) { // this server has never seen it
            return ask(
                    slot,
                    new RedisPipeline.Question<>(
                            bytes, lasting, pipeline -> pipeline.eval(script.text(), keys, arguments)),
                    deadline);
        }
    }

    private <T> T ask(int slot, int bytes, Function<Pipeline, Response<T>> command) throws UnavailableException {
        return ask(slot, new RedisPipeline.Question<>(bytes, false, command), System.nanoTime() + LONGEST.toNanos());
    }

    /** Asks who has the slot, until the deadline if it is in doubt who that is. */
    private <T> T ask(int slot, RedisPipeline.Question<T> question, long deadline) throws UnavailableException {
        RedisPipeline.Question<T> next = question;
        Optional<RedisNode> sent = Optional.empty(); // where another has sent us
        long pause = FIRST_PAUSE_MILLIS;
        while (true) {
            JedisException why;
            RedisNode node = sent.or(() -> nodes.of(slot)).orElse(null);
            if (node == null) {
                why = new JedisException("no Redis is known to have the channel");
            } else if (question.lasting() && !node.isSettled()) {
                why = new JedisException("Redis at " + node.address() + " has only just taken the channel over");
            } else {
                try {
                    return node.pipeline().ask(next, deadline);
                } catch (JedisNoScriptException e) {
                    throw e;
                } catch (JedisMovedDataException e) {
                    nodes.moved(e, node.address());
                    why = e;
                } catch (JedisAskDataException e) {
                    sent = Optional.of(nodes.at(RedisNodes.target(e, node.address()), slot));
                    next = afterAsking(question);
                    continue;
                } catch (JedisDataException e) {
                    if (!isPassing(e)) {
                        throw refused(node, e);
                    }
                    why = e;
                } catch (RedisPipeline.NotSentException e) {
                    why = e;
                }
            }
            if (System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pause) - deadline > 0
                    || nodes.isFixed() && why instanceof RedisPipeline.NotSentException
                    || nodes.isClosed()) {
                throw unavailable(node, why);
            }
            nodes.look();
            sleep(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
            sent = Optional.empty();
            next = question;
        }
    }

    private static UnavailableException unavailable(RedisNode node, JedisException why) {
        if (why instanceof JedisDataException refused) {
            node.health().refused(refused);
        }
        return new UnavailableException("Redis: " + why.getMessage(), why);
    }

    private static void sleep(long millis) throws UnavailableException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while Redis is asked", e);
        }
    }

    /** The question for a server to which the slot is on its way. */
    private static <T> RedisPipeline.Question<T> afterAsking(RedisPipeline.Question<T> question) {
        return new RedisPipeline.Question<>(question.bytes(), question.lasting(), pipeline -> {
            pipeline.sendCommand(Protocol.Command.ASKING, new String[0]);
            return question.command().apply(pipeline);
        });
    }

    /** Whether Redis can't do it for the moment, here at least. */
    static boolean isPassing(JedisDataException why) {
        return PASSING.stream()
                .anyMatch(word -> String.valueOf(why.getMessage()).contains(word));
    }

    /** Redis lives and refuses: out of memory, a key of another type, no permission. */
    private static UnavailableException refused(RedisNode node, JedisDataException why) {
        node.health().refused(why);
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
}

package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;
import redis.clients.jedis.resps.StreamEntry;

/**
 * The messages of channels in Redis. Each change is one atomic step there. All methods block, for less than two seconds
 * if they concern one channel.
 */
final class RedisHistory {
    private static final int MAX_PAGE_BYTES = 512 * 1024; // and one message more
    private static final int MAX_PAGES = 64; // read at the same time
    private static final int SCANNED_KEYS = 500; // by one command
    private static final int SCANNED_MESSAGES = 100; // by one command
    private static final int ANNOUNCED = 250; // channels in one round trip

    /**
     * The lifetime of the epoch of a channel in which nothing was published, after its last use. A subscriber that
     * comes back within it learns that it missed nothing; later, that the channel has a new epoch, whose history has
     * all that it missed. Minutes only, because every channel name that a client invents costs a key.
     */
    static final Duration UNPUBLISHED = Duration.ofMinutes(10);

    private static final LuaScript PUBLISH = LuaScript.of("position.lua", "publish.lua");
    private static final LuaScript HISTORY = LuaScript.of("position.lua", "history.lua");
    private static final LuaScript RENEW = LuaScript.of("renew.lua");

    /** A message to publish, and its idempotency key or {@code ""}. */
    record Draft(Sender sender, Content content, String key) {}

    private final Commands commands;
    private final RedisKeys keys;
    private final Retention retention;
    private final String publishing;
    private final String origin = UUID.randomUUID().toString().substring(19); // of the epochs that begin here
    private final AtomicLong epochs = new AtomicLong();
    private final Bulkhead<UnavailableException> pages = Commands.bulkhead(MAX_PAGES);

    RedisHistory(Commands commands, RedisKeys keys, Retention retention) {
        this.commands = commands;
        this.keys = keys;
        this.retention = retention;
        this.publishing = commands.topology().publishing().name();
    }

    Duration positionLifetime() {
        return retention.positions();
    }

    /**
     * Appends messages and publishes them, as one step. They get newer positions than all that this server has shown.
     *
     * @return for each message what {@link #receipt} reads
     */
    List<?> publish(String channel, List<Draft> messages, Position shown) throws UnavailableException {
        List<String> names = new ArrayList<>(List.of(keys.log(channel), keys.meta(channel)));
        List<String> arguments = new ArrayList<>(Commands.texts(
                keys.live(channel),
                freshEpoch(),
                shown.epoch(),
                shown.offset(),
                retention.messages(),
                retention.age().toMillis(),
                retention.positions().toMillis(),
                retention.keys().toMillis(),
                publishing));
        for (Draft message : messages) {
            arguments.add(MessageCodec.encode(message.sender(), message.content()));
            arguments.add(message.key().isEmpty() ? "" : "key");
            if (!message.key().isEmpty()) {
                names.add(keys.key(channel, message.sender().key(), message.key()));
            }
        }
        return (List<?>) commands.run(PUBLISH, true, names, arguments);
    }

    /**
     * Returns the receipt of one message.
     *
     * @throws UnavailableException if Redis refused this message
     */
    static Broker.Receipt receipt(Object reply) throws UnavailableException {
        if (reply instanceof JedisDataException refused) {
            throw new UnavailableException("Redis refused: " + refused.getMessage(), refused);
        }
        List<?> fields = (List<?>) reply;
        return new Broker.Receipt(position(fields), ((Number) fields.get(2)).intValue() == 1);
    }

    /**
     * Reads the oldest messages after the cursor. If the channel has a new epoch, the rest of the cursor's epoch comes
     * first, and each message has the epoch in which it was published.
     */
    ChannelFeed.Segment since(String channel, ChannelFeed.Shown shown, int limit) throws UnavailableException {
        return read(channel, shown, "since", shown.cursor().position().offset(), limit);
    }

    /**
     * Announces to a node the shown positions of its channels, so that a history that was restored from a backup
     * continues in a new epoch. Ignores channels of other nodes.
     *
     * @throws UnavailableException if the node accepts none now. If it refuses one channel, a later read announces that
     */
    void announce(RedisNode node, Map<String, ChannelFeed.Shown> all) throws UnavailableException {
        List<String> channels = all.keySet().stream()
                .filter(channel -> commands.topology().owner(keys.log(channel)).orElse(null) == node)
                .toList();
        for (int from = 0; from < channels.size(); from += ANNOUNCED) {
            List<String> some = channels.subList(from, Math.min(from + ANNOUNCED, channels.size()));
            if (!Commands.sendTo(node, pipeline -> announce(pipeline, some, all))) {
                throw new UnavailableException("Redis at " + node.address() + " accepts no scripts yet", null);
            }
        }
    }

    private Supplier<Boolean> announce(Pipeline pipeline, List<String> channels, Map<String, ChannelFeed.Shown> all) {
        List<Response<?>> replies = new ArrayList<>(channels.size());
        for (String channel : channels) {
            List<String> names = List.of(keys.log(channel), keys.meta(channel));
            List<String> arguments = arguments(all.get(channel), "since", 0, 0);
            replies.add(
                    replies.isEmpty()
                            ? pipeline.eval(HISTORY.text(), names, arguments) // which Redis caches
                            : pipeline.evalsha(HISTORY.sha1(), names, arguments));
        }
        return () -> replies.stream().noneMatch(Commands::isNodeNotReady);
    }

    /** Reads the oldest messages after an offset, all with the channel's epoch. */
    Broker.Page after(String channel, Function<String, ChannelFeed.Shown> shown, long offset, int limit)
            throws UnavailableException {
        return page(channel, shown, "after", Math.max(0, offset), limit);
    }

    /** Reads the newest messages before an offset, oldest first, all with the channel's epoch. */
    Broker.Page before(String channel, Function<String, ChannelFeed.Shown> shown, long offset, int limit)
            throws UnavailableException {
        boolean some = offset > 1; // Redis refuses a range that ends before the first id
        Broker.Page page = page(channel, shown, "before", Math.max(1, offset), some ? limit : 0);
        return new Broker.Page(page.position(), page.messages().reversed());
    }

    private Broker.Page page(
            String channel, Function<String, ChannelFeed.Shown> shown, String direction, long offset, int limit)
            throws UnavailableException {
        pages.enter();
        try {
            Broker.Page page = read(channel, shown.apply(channel), direction, offset, limit)
                    .page();
            Position now = page.position();
            List<Message> messages = page.messages().stream()
                    .map(one -> one.position().sameEpoch(now)
                            ? one
                            : one.at(now.at(one.position().offset())))
                    .toList();
            return new Broker.Page(now, messages);
        } finally {
            pages.leave();
        }
    }

    private ChannelFeed.Segment read(String channel, ChannelFeed.Shown shown, String direction, long offset, int limit)
            throws UnavailableException {
        List<String> names = List.of(keys.log(channel), keys.meta(channel));
        List<?> reply = (List<?>) commands.run(HISTORY, false, names, arguments(shown, direction, offset, limit));
        List<Message> messages = ((List<?>) reply.get(2))
                .stream()
                        .map(text -> MessageCodec.decode(channel, (String) text))
                        .filter(message -> !message.position().equals(Position.NONE)) // not written by a chat server
                        .toList();
        return new ChannelFeed.Segment(
                new Broker.Page(position(reply), messages), Long.parseLong((String) reply.get(3)));
    }

    private List<String> arguments(ChannelFeed.Shown shown, String direction, long offset, int limit) {
        ChannelFeed.Cursor cursor = shown.cursor();
        return Commands.texts(
                freshEpoch(),
                shown.newest().epoch(),
                shown.newest().offset(),
                retention.positions().toMillis(),
                cursor.position().epoch(),
                cursor.position().offset(),
                cursor.time(),
                retention.age().toMillis(),
                direction,
                offset,
                limit,
                MAX_PAGE_BYTES,
                unpublishedMillis());
    }

    void delete(String channel) throws UnavailableException {
        commands.run(keys.log(channel), pipeline -> pipeline.del(keys.log(channel)));
    }

    /** Deletes a sender's messages from all histories. May block for long. Starts again if channels move. */
    void deleteFrom(String sender) throws UnavailableException {
        RedisTopology topology = commands.topology();
        Object version;
        do {
            version = topology.version();
            for (RedisNode node : topology.all()) {
                deleteFrom(sender, node);
            }
        } while (topology.version() != version);
    }

    private void deleteFrom(String sender, RedisNode node) throws UnavailableException {
        ScanParams logs = new ScanParams().match(keys.allLogs()).count(SCANNED_KEYS);
        String cursor = ScanParams.SCAN_POINTER_START;
        do {
            String at = cursor;
            ScanResult<String> found = Commands.sendTo(node, pipeline -> pipeline.scan(at, logs, "stream"));
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
            entries = commands.run(log, pipeline -> pipeline.xrange(log, begin, "+", SCANNED_MESSAGES));
            StreamEntryID[] matching = entries.stream()
                    .filter(entry -> isFrom(sender, entry))
                    .map(StreamEntry::getID)
                    .toArray(StreamEntryID[]::new);
            if (matching.length > 0) {
                commands.run(log, pipeline -> pipeline.xdel(log, matching));
            }
            from = entries.isEmpty() ? from : "(" + entries.getLast().getID();
        } while (entries.size() == SCANNED_MESSAGES);
    }

    private static boolean isFrom(String sender, StreamEntry entry) {
        String message = entry.getFields().get("message");
        return message != null
                && MessageCodec.live("", message) instanceof MessageCodec.Live.Published published
                && !published.message().position().equals(Position.NONE)
                && published.message().sender().equals(sender);
    }

    private long unpublishedMillis() {
        return Math.min(retention.positions().toMillis(), UNPUBLISHED.toMillis());
    }

    /**
     * Returns the newest positions of channels, {@link Position#NONE} for a channel that Redis does not know. Leaves
     * out channels for which Redis gives no answer now.
     */
    Map<String, Position> positions(Collection<String> channels) {
        return positions(channels, (pipeline, meta, channel) -> pipeline.hmget(meta, "epoch", "offset"));
    }

    /** Returns the same as {@link #positions}, and renews the lifetimes of the positions. */
    Map<String, Position> renew(Collection<String> channels) {
        List<String> lifetimes = Commands.texts(retention.positions().toMillis(), unpublishedMillis());
        return positions(channels, (pipeline, meta, channel) -> pipeline.eval(RENEW.text(), List.of(meta), lifetimes));
    }

    private <T> Map<String, Position> positions(Collection<String> channels, Commands.KeyCommand<String, T> command) {
        Map<String, Position> positions = new HashMap<>();
        commands.runEach(channels, keys::meta, command).forEach((channel, reply) -> {
            List<?> fields = (List<?>) reply;
            positions.put(channel, position((String) fields.get(0), (String) fields.get(1)));
        });
        return positions;
    }

    private static Position position(String epoch, String offset) {
        return epoch == null || offset == null || !offset.matches("[0-9]{1,18}")
                ? Position.NONE // the scripts also start a new epoch if another program has written something else
                : new Position(epoch, Long.parseLong(offset));
    }

    private static Position position(List<?> reply) {
        return new Position((String) reply.get(0), Long.parseLong((String) reply.get(1)));
    }

    void signal(String channel, Broker.Signal signal) throws UnavailableException {
        String text = MessageCodec.encode(signal);
        commands.run(
                keys.live(channel),
                (int) Sizes.ofText(text),
                pipeline -> pipeline.sendCommand(commands.topology().publishing(), keys.live(channel), text));
    }

    /** Returns a unique name for a new epoch, to which the script adds a number in front. Most are never used. */
    private String freshEpoch() {
        return origin + '-' + Long.toString(epochs.incrementAndGet(), Character.MAX_RADIX);
    }
}

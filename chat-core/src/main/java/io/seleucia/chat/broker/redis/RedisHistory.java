package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * The messages of channels in Redis. Each change is one atomic step there. All methods block, for less than two seconds
 * if they concern one channel.
 */
final class RedisHistory {
    static final int MAX_PAGE_BYTES = 512 * 1024; // and one message more

    private static final int MAX_PAGES = 64; // read at the same time
    private static final int ANNOUNCED = 250; // channels in one round trip

    /**
     * The lifetime of the epoch of a channel in which nothing was published, after its last use. A subscriber that
     * comes back within it learns that it missed nothing; later, that the channel has a new epoch, whose history has
     * all that it missed. Minutes only, because every channel name that a client invents costs a key.
     */
    static final Duration UNPUBLISHED = Duration.ofMinutes(10);

    private static final String SINCE = "since"; // a direction

    private static final LuaScript PUBLISH = LuaScript.of("position.lua", "append.lua", "publish.lua");
    private static final LuaScript REFER =
            LuaScript.of("position.lua", "append.lua", "entries.lua", "folds.lua", "refer.lua");
    private static final LuaScript HISTORY = LuaScript.of("position.lua", "entries.lua", "history.lua");
    private static final LuaScript RENEW = LuaScript.of("renew.lua");

    /** A message to publish, and its sender. */
    record Post(Sender sender, Draft draft) {
        boolean hasKey() {
            return !draft.key().isEmpty();
        }

        boolean refers() {
            return draft.attributes().ref().isPresent();
        }
    }

    private final Commands commands;
    private final RedisKeys keys;
    private final ChannelRetention retentions;
    private final String publishing;
    private final String origin = UUID.randomUUID().toString().substring(19); // of the epochs that begin here
    private final AtomicLong epochs = new AtomicLong();
    private final Bulkhead<UnavailableException> pages = Commands.bulkhead(MAX_PAGES);

    RedisHistory(Commands commands, RedisKeys keys, ChannelRetention retentions) {
        this.commands = commands;
        this.keys = keys;
        this.retentions = retentions;
        this.publishing = commands.topology().publishing().name();
    }

    /** Returns how long the position of any channel is kept at least. */
    Duration positionLifetime() {
        return retentions.base().positions();
    }

    /**
     * Appends messages and publishes them, as one step. They get newer positions than all that this server has shown.
     *
     * @return for each message what {@link #receipt} reads
     */
    List<?> publish(String channel, List<Post> posts, Position shown) throws UnavailableException {
        Retention retention = retentions.of(channel);
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
        boolean refer = posts.stream().anyMatch(Post::refers);
        if (refer) {
            names.addAll(List.of(keys.folds(channel), keys.gone(channel)));
            arguments.addAll(Commands.texts(
                    FoldedMessage.MAX_EDITS,
                    FoldedMessage.MAX_REACTIONS,
                    FoldedMessage.MAX_CLIENT_REACTIONS,
                    FoldedMessage.MAX_SPENT_REACTIONS));
        }
        for (Post post : posts) {
            Draft draft = post.draft();
            arguments.add(MessageCodec.encode(post.sender(), draft.content(), draft.attributes()));
            arguments.add(post.hasKey() ? "key" : "");
            if (refer) {
                arguments.add(MessageCodec.encodeReference(post.sender(), draft));
            }
            if (post.hasKey()) {
                names.add(keys.key(channel, post.sender().key(), draft.key()));
            }
        }
        return (List<?>) commands.run(refer ? REFER : PUBLISH, true, names, arguments);
    }

    /**
     * Returns the receipt of one message.
     *
     * @throws UnavailableException if Redis refused this message
     * @throws ReferenceException if the message that it refers to does not allow it
     */
    static Broker.Receipt receipt(Object reply) throws UnavailableException, ReferenceException {
        if (reply instanceof JedisDataException refused) {
            throw new UnavailableException("Redis refused: " + refused.getMessage(), refused);
        }
        if (reply instanceof String reason) {
            throw new ReferenceException(ReferenceException.Reason.valueOf(reason));
        }
        List<?> fields = (List<?>) reply;
        return new Broker.Receipt(position(fields), ((Number) fields.get(2)).intValue() == 1);
    }

    /**
     * Reads the oldest messages after the cursor. If the channel has a new epoch, the rest of the cursor's epoch comes
     * first, and each message has the epoch in which it was published.
     */
    ChannelFeed.Segment since(String channel, ChannelFeed.Shown shown, int limit) throws UnavailableException {
        return read(channel, shown, SINCE, shown.cursor().position().offset(), limit); // and the description
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
            List<String> arguments = arguments(channel, all.get(channel), SINCE, 0, 0);
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
            List<Message> messages =
                    page.messages().stream().map(one -> inEpoch(now, one)).toList();
            return new Broker.Page(now, messages);
        } finally {
            pages.leave();
        }
    }

    /** Returns a message with the epoch of a position. Histories that are queried show all messages with the newest. */
    static Message inEpoch(Position now, Message message) {
        Position position = message.position();
        return position.sameEpoch(now) ? message : message.at(now.at(position.offset()));
    }

    /** Returns the bound on the number of pages that are read at the same time. */
    Bulkhead<UnavailableException> pages() {
        return pages;
    }

    private ChannelFeed.Segment read(String channel, ChannelFeed.Shown shown, String direction, long offset, int limit)
            throws UnavailableException {
        List<String> names = limit > 0
                ? List.of(keys.log(channel), keys.meta(channel), keys.gone(channel))
                : List.of(keys.log(channel), keys.meta(channel)); // a missing key would be refused while a slot moves
        List<String> arguments = arguments(channel, shown, direction, offset, limit);
        List<?> reply;
        Optional<ChannelInfo> info = Optional.empty();
        if (direction.equals(SINCE)) { // for listeners, which want the description too
            Commands.Replies<List<String>> replies =
                    commands.run(HISTORY, names, arguments, pipeline -> RedisInfos.read(pipeline, keys.info(channel)));
            reply = (List<?>) replies.script();
            info = replies.read().flatMap(RedisInfos::info);
        } else {
            reply = (List<?>) commands.run(HISTORY, false, names, arguments);
        }
        List<Message> messages = ((List<?>) reply.get(2))
                .stream()
                        .map(text -> MessageCodec.decode(channel, (String) text))
                        .filter(message -> !message.position().equals(Position.NONE)) // not written by a chat server
                        .toList();
        return new ChannelFeed.Segment(
                new Broker.Page(position(reply), messages), Long.parseLong((String) reply.get(3)), info);
    }

    private List<String> arguments(String channel, ChannelFeed.Shown shown, String direction, long offset, int limit) {
        Retention retention = retentions.of(channel);
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
                unpublishedMillis(retention),
                retention.messages());
    }

    /** Returns the lifetime of the position of a channel in which nothing was published, in milliseconds. */
    static long unpublishedMillis(Retention retention) {
        return Math.min(retention.positions().toMillis(), UNPUBLISHED.toMillis());
    }

    /**
     * Returns the newest positions of channels, {@link Position#NONE} for a channel that Redis does not know. Leaves
     * out channels for which Redis gives no answer now.
     */
    Map<String, Position> positions(Collection<String> channels) {
        return positions(channels, (pipeline, meta, channel) -> pipeline.hmget(meta, "epoch", "offset"));
    }

    /** Returns the same as {@link #positions}, and renews the lifetimes of the positions and of read marks. */
    Map<String, Position> renew(Collection<String> channels) {
        return positions(channels, (pipeline, meta, channel) -> {
            Retention retention = retentions.of(channel);
            List<String> lifetimes = Commands.texts(retention.positions().toMillis(), unpublishedMillis(retention));
            pipeline.pexpire(keys.info(channel), retention.positions().toMillis());
            pipeline.pexpire(keys.read(channel), retention.positions().toMillis());
            return pipeline.eval(RENEW.text(), List.of(meta), lifetimes);
        });
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

    static Position position(List<?> reply) {
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
    String freshEpoch() {
        return origin + '-' + Long.toString(epochs.incrementAndGet(), Character.MAX_RADIX);
    }
}

package io.seleucia.chat.broker;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;
import redis.clients.jedis.resps.StreamEntry;

/**
 * Channels' messages in Redis, each change of them a single step there. All methods block, for less than two seconds if
 * they are about one channel.
 */
final class RedisHistory {
    private static final int MAX_PAGE_BYTES = 512 * 1024; // and a message more
    private static final int KEYS = 500; // looked at by one command
    private static final int ENTRIES = 100; // of a history, read by one command
    private static final int TOLD = 250; // channels, told of in one go

    private static final RedisScript PUBLISH = RedisScript.of("position.lua", "publish.lua");
    private static final RedisScript HISTORY = RedisScript.of("position.lua", "history.lua");

    /**
     * The positions that this server has shown of a channel.
     *
     * @param newest the newest position that was delivered or acknowledged
     * @param seen what was delivered last
     */
    record Shown(Position newest, RedisFeed.Seen seen) {
        /** Nothing yet. */
        static final Shown NOTHING = new Shown(Position.NONE, RedisFeed.Seen.NOTHING);

        /** The same, where this position was shown. */
        Shown at(Position position) {
            return new Shown(position, seen);
        }
    }

    /**
     * A stretch of history.
     *
     * @param time if it has no messages, when the one at its position was published; 0 if that is not known
     */
    record Stretch(Broker.Page page, long time) {}

    private final RedisCalls calls;
    private final RedisKeys keys;
    private final Retention retention;
    private final String publishing;
    private final String origin = UUID.randomUUID().toString().substring(19); // of the epochs that begin here
    private final AtomicLong epochs = new AtomicLong();

    RedisHistory(RedisCalls calls, RedisKeys keys, Retention retention) {
        this.calls = calls;
        this.keys = keys;
        this.retention = retention;
        this.publishing = calls.nodes().publishing().name();
    }

    /**
     * Appends and publishes.
     *
     * @param shown the newest position that this process has shown, which no new message may have again
     */
    Broker.Receipt publish(String channel, String sender, Content content, String key, Position shown)
            throws UnavailableException {
        List<String> names = new ArrayList<>(List.of(keys.log(channel), keys.meta(channel)));
        if (!key.isEmpty()) {
            names.add(keys.key(channel, sender, key));
        }
        List<?> answer = (List<?>) calls.run(
                PUBLISH,
                true,
                names,
                List.of(
                        keys.live(channel),
                        freshEpoch(),
                        shown.epoch(),
                        text(shown.offset()),
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
    Stretch since(String channel, Shown shown, int limit) throws UnavailableException {
        RedisFeed.Seen seen = shown.seen();
        return stretch(history(channel, shown, "since", seen.position().offset(), limit), channel);
    }

    /**
     * Tells a server what was shown of many channels, and reads nothing. A history that was put back goes on in a new epoch
     * from then on.
     *
     * @param all what was shown, by channel
     * @throws UnavailableException if the server does not take it now; a channel that it refuses is told when it is read
     */
    void tell(RedisNode node, Map<String, Shown> all) throws UnavailableException {
        List<String> channels = List.copyOf(all.keySet());
        for (int from = 0; from < channels.size(); from += TOLD) {
            List<String> some = channels.subList(from, Math.min(from + TOLD, channels.size()));
            if (!RedisCalls.askAt(node, pipeline -> tell(pipeline, some, all))) {
                throw new UnavailableException("Redis at " + node.address() + " takes no scripts yet", null);
            }
        }
    }

    /** Returns how it is known whether the server has taken them. */
    private Supplier<Boolean> tell(Pipeline pipeline, List<String> channels, Map<String, Shown> all) {
        List<Response<?>> answers = new ArrayList<>(channels.size());
        for (String channel : channels) {
            List<String> names = List.of(keys.log(channel), keys.meta(channel));
            List<String> arguments = arguments(all.get(channel), "since", 0, 0);
            answers.add(
                    answers.isEmpty()
                            ? pipeline.eval(HISTORY.text(), names, arguments) // after which Redis knows it
                            : pipeline.evalsha(HISTORY.sha1(), names, arguments));
        }
        return () -> answers.stream().noneMatch(RedisCalls::isNotYetTaken);
    }

    /** The oldest messages after an offset, all as of the channel's epoch. */
    Broker.Page after(String channel, Shown shown, long offset, int limit) throws UnavailableException {
        return ofOneEpoch(read(channel, shown, "after", Math.max(0, offset), limit));
    }

    /** The newest messages before an offset, all as of the channel's epoch. */
    Broker.Page before(String channel, Shown shown, long offset, int limit) throws UnavailableException {
        boolean some = offset > 1; // Redis refuses a range that ends before the first id
        Broker.Page page = ofOneEpoch(read(channel, shown, "before", Math.max(1, offset), some ? limit : 0));
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

    private Broker.Page read(String channel, Shown shown, String direction, long offset, int limit)
            throws UnavailableException {
        return stretch(history(channel, shown, direction, offset, limit), channel)
                .page();
    }

    private List<?> history(String channel, Shown shown, String direction, long offset, int limit)
            throws UnavailableException {
        List<String> names = List.of(keys.log(channel), keys.meta(channel));
        return (List<?>) calls.run(HISTORY, false, names, arguments(shown, direction, offset, limit));
    }

    private List<String> arguments(Shown shown, String direction, long offset, int limit) {
        RedisFeed.Seen seen = shown.seen();
        return List.of(
                freshEpoch(),
                shown.newest().epoch(),
                text(shown.newest().offset()),
                text(retention.positions().toMillis()),
                seen.position().epoch(),
                text(seen.position().offset()),
                text(seen.time()),
                text(retention.age().toMillis()),
                direction,
                text(offset),
                text(limit),
                text(MAX_PAGE_BYTES));
    }

    private static Stretch stretch(List<?> answer, String channel) {
        List<Message> messages = ((List<?>) answer.get(2))
                .stream()
                        .map(text -> RedisMessage.decode(channel, (String) text))
                        .filter(message -> !message.position().equals(Position.NONE)) // none of ours
                        .toList();
        return new Stretch(new Broker.Page(position(answer), messages), Long.parseLong((String) answer.get(3)));
    }

    /** Takes away the whole history. */
    void delete(String channel) throws UnavailableException {
        calls.ask(keys.log(channel), pipeline -> pipeline.del(keys.log(channel)));
    }

    /**
     * Takes a sender's messages out of all histories, a few at a time. May block for long, though no command does. Where
     * channels move from server to server meanwhile, all servers are looked through again.
     */
    void deleteFrom(String sender) throws UnavailableException {
        Object places;
        do {
            places = calls.nodes().places();
            for (RedisNode node : calls.nodes().all()) {
                deleteFrom(sender, node);
            }
        } while (calls.nodes().places() != places);
    }

    private void deleteFrom(String sender, RedisNode node) throws UnavailableException {
        ScanParams logs = new ScanParams().match(keys.allLogs()).count(KEYS);
        String cursor = ScanParams.SCAN_POINTER_START;
        do {
            String at = cursor;
            ScanResult<String> found = RedisCalls.askAt(node, pipeline -> pipeline.scan(at, logs, "stream"));
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
            entries = calls.ask(log, pipeline -> pipeline.xrange(log, begin, "+", ENTRIES));
            StreamEntryID[] theirs = entries.stream()
                    .filter(entry -> isFrom(sender, entry))
                    .map(StreamEntry::getID)
                    .toArray(StreamEntryID[]::new);
            if (theirs.length > 0) {
                calls.ask(log, pipeline -> pipeline.xdel(log, theirs));
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

    /**
     * The newest positions of channels, {@link Position#NONE} for one that Redis does not know. Who can't say it now is
     * left out.
     *
     * @param renewed whether Redis is to remember them for as long as if they had just been used
     */
    Map<String, Position> positions(Collection<String> channels, boolean renewed) {
        long millis = retention.positions().toMillis();
        Map<String, Position> positions = new HashMap<>();
        calls.askEach(channels, keys::meta, (pipeline, meta, channel) -> {
                    if (renewed) {
                        pipeline.pexpire(meta, millis);
                    }
                    return pipeline.hmget(meta, "epoch", "offset");
                })
                .forEach((channel, fields) -> positions.put(channel, position(fields.get(0), fields.get(1))));
        return positions;
    }

    private static Position position(String epoch, String offset) {
        return epoch == null || offset == null || !offset.matches("[0-9]{1,18}")
                ? Position.NONE // as for the scripts, which begin anew where somebody has written something else
                : new Position(epoch, Long.parseLong(offset));
    }

    /** Sends a signal to those who are there. */
    void signal(String channel, Broker.Signal signal) throws UnavailableException {
        String text = RedisMessage.encode(signal);
        calls.ask(
                keys.live(channel),
                text.length(),
                pipeline -> pipeline.sendCommand(calls.nodes().publishing(), keys.live(channel), text));
    }

    private static Position position(List<?> answer) {
        return new Position((String) answer.get(0), Long.parseLong((String) answer.get(1)));
    }

    /** A name that no other epoch has, which the script puts a number before; most are never used. */
    private String freshEpoch() {
        return origin + '-' + Long.toString(epochs.incrementAndGet(), Character.MAX_RADIX);
    }

    private static String text(long number) {
        return Long.toString(number);
    }
}

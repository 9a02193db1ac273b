package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import java.util.List;

/**
 * How far clients have read channels in Redis. One script moves a mark, counts what is after it and tells all servers. All
 * methods block, for less than two seconds after their turn.
 */
final class RedisReads {
    private static final int MAX_MARKS = 100_000; // in a channel
    private static final int MAX_MESSAGES = 4_000; // that one count looks at
    private static final int MAX_BYTES = 4 * 1024 * 1024; // of them, and the rest of a page
    private static final int MAX_COUNTS = 64; // at the same time
    private static final LuaScript READ = LuaScript.of("position.lua", "entries.lua", "read.lua");

    private final Commands commands;
    private final RedisKeys keys;
    private final RedisHistory history;
    private final ChannelRetention retentions;
    private final Bulkhead<UnavailableException> counts = Commands.bulkhead(MAX_COUNTS);

    RedisReads(Commands commands, RedisKeys keys, RedisHistory history, ChannelRetention retentions) {
        this.commands = commands;
        this.keys = keys;
        this.history = history;
        this.retentions = retentions;
    }

    /** See {@link Broker#readMark}. The newest position is one that this server has shown. */
    ReadMark of(String channel, Position shown, Sender client, long end) throws UnavailableException {
        return run(channel, shown, new Broker.Reader("", client, false), 0, false, end);
    }

    /** See {@link Broker#markRead}. A mark is confirmed by replicas, as a message is. */
    ReadMark move(String channel, Position shown, Broker.Reader reader, long offset) throws UnavailableException {
        return run(channel, shown, reader, Math.max(0, offset), true, Long.MAX_VALUE);
    }

    private ReadMark run(String channel, Position shown, Broker.Reader reader, long offset, boolean moves, long end)
            throws UnavailableException {
        List<String> names = List.of(keys.log(channel), keys.meta(channel), keys.read(channel));
        Retention retention = retentions.of(channel);
        List<String> arguments = Commands.texts(
                history.freshEpoch(),
                shown.epoch(),
                shown.offset(),
                retention.positions().toMillis(),
                RedisHistory.unpublishedMillis(retention),
                retention.age().toMillis(),
                reader.client().key(),
                offset,
                MessageCodec.encode(reader.client()),
                keys.live(channel),
                commands.topology().publishing().name(),
                MessageCodec.encode(reader),
                MAX_MARKS,
                ReadMark.MAX_UNREAD,
                MAX_MESSAGES,
                MAX_BYTES,
                end == Long.MAX_VALUE ? "+" : end + "-0",
                retention.messages());
        counts.enter();
        try {
            List<?> reply = (List<?>) commands.run(READ, moves, names, arguments);
            return ReadMark.of(
                    Long.parseLong((String) reply.get(0)),
                    ((Number) reply.get(1)).intValue(),
                    ((Number) reply.get(2)).intValue() == 1);
        } finally {
            counts.leave();
        }
    }
}

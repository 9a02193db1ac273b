package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Sender;
import java.util.List;
import java.util.Optional;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;

/** The descriptions of channels in Redis. Any thread; blocks for less than two seconds. */
final class RedisInfos {
    private static final String UNKNOWN_EPOCH = "-"; // of a channel that no server follows

    private static final LuaScript DESCRIBE = LuaScript.of("describe.lua");

    private final Commands commands;
    private final RedisKeys keys;
    private final ChannelRetention retentions;

    RedisInfos(Commands commands, RedisKeys keys, ChannelRetention retentions) {
        this.commands = commands;
        this.keys = keys;
        this.retentions = retentions;
    }

    /** Changes a description, and tells all servers, as one step. */
    ChannelInfo describe(String channel, Sender by, Optional<Content.Json> json) throws UnavailableException {
        String meta =
                keys.meta(channel); // no key of the script: while a slot moves, Redis refuses two if one does not exist
        String epoch =
                commands.run(meta, pipeline -> pipeline.hmget(meta, "epoch")).getFirst();
        List<String> arguments = Commands.texts(
                json.map(Content.Json::asText).orElse(""),
                by.key(),
                MessageCodec.encode(by),
                lifetimeMillis(channel),
                keys.live(channel),
                commands.topology().publishing().name(),
                epoch == null ? UNKNOWN_EPOCH : epoch);
        String time = (String) commands.run(DESCRIBE, true, List.of(keys.info(channel)), arguments);
        return new ChannelInfo(json, by, Long.parseLong(time));
    }

    /** Returns a channel's description, unless there is none or it was removed. Renews its lifetime. */
    Optional<ChannelInfo> read(String channel) throws UnavailableException {
        String key = keys.info(channel);
        List<String> fields = commands.run(key, pipeline -> {
            pipeline.pexpire(key, lifetimeMillis(channel));
            return read(pipeline, key);
        });
        return info(fields).filter(info -> info.json().isPresent());
    }

    private long lifetimeMillis(String channel) {
        return retentions.of(channel).positions().toMillis();
    }

    /** Sends the command that reads what {@link #info} takes. */
    static Response<List<String>> read(Pipeline pipeline, String key) {
        return pipeline.hmget(key, "json", "by", "time");
    }

    /** Returns the description in the fields of a hash, also one that was removed; empty if there are none, or others. */
    static Optional<ChannelInfo> info(List<?> fields) {
        if (fields.size() < 3 || !(fields.get(1) instanceof String by) || !(fields.get(2) instanceof String time)) {
            return Optional.empty();
        }
        Content json = fields.getFirst() instanceof String text ? Content.ofJsonOrText(text) : Content.NONE;
        if (!time.matches("[0-9]{1,18}") || json instanceof Content.Text) {
            return Optional.empty(); // another program has written it
        }
        Optional<Content.Json> object = json instanceof Content.Json value && ChannelInfo.isObject(value)
                ? Optional.of(value)
                : Optional.empty();
        return Optional.of(new ChannelInfo(object, Sender.ofKey(by), Long.parseLong(time)));
    }
}

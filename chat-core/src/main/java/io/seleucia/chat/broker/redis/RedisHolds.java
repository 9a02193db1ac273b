package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import java.time.Duration;
import java.util.List;

/** The names that are held in Redis: a key for each, which expires with its hold. All methods block. */
final class RedisHolds {
    private static final LuaScript HOLD = LuaScript.of("hold.lua");
    private static final LuaScript RELEASE = LuaScript.of("release.lua");

    private final Commands commands;
    private final RedisKeys keys;

    RedisHolds(Commands commands, RedisKeys keys) {
        this.commands = commands;
        this.keys = keys;
    }

    Broker.Hold add(String name, String owner, Duration lifetime) throws UnavailableException {
        long reply = (Long) commands.run(HOLD, List.of(keys.hold(name)), owner, Math.max(1, lifetime.toMillis()));
        return reply == 1 ? Broker.Hold.BEGUN : reply == 2 ? Broker.Hold.EXTENDED : Broker.Hold.REFUSED;
    }

    void remove(String name, String owner) throws UnavailableException {
        commands.run(RELEASE, List.of(keys.hold(name)), owner);
    }
}

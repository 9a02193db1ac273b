package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Ban;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The revocations and bans in Redis: one hash each, which no retention and no deletion affects. All methods block. */
final class RedisModeration {
    private static final LuaScript REVOKE = LuaScript.of("revoke.lua");
    private static final LuaScript BAN = LuaScript.of("ban.lua");
    private static final int MAX_REMOVED = 1_000; // by one command

    private final Commands commands;
    private final String revocations;
    private final String bans;

    RedisModeration(Commands commands, RedisKeys keys) {
        this.commands = commands;
        this.revocations = keys.revocations();
        this.bans = keys.bans();
    }

    void revoke(String user, long time) throws UnavailableException {
        commands.run(REVOKE, List.of(revocations), user, time);
    }

    /** Returns the revocations that still matter, and removes some of the others. */
    Map<String, Long> revocations() throws UnavailableException {
        long oldest = System.currentTimeMillis() - Broker.REVOCATION_AGE.toMillis();
        Map<String, Long> byUser = new HashMap<>();
        List<String> old = new ArrayList<>();
        commands.run(revocations, pipeline -> pipeline.hgetAll(revocations)).forEach((user, text) -> {
            long time = text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
            if (time >= oldest) {
                byUser.put(user, time);
            } else {
                old.add(user);
            }
        });
        remove(revocations, old);
        return byUser;
    }

    void ban(Ban ban) throws UnavailableException {
        if (tryBan(ban)) {
            return;
        }
        bans(); // removes bans that have ended
        if (!tryBan(ban)) {
            throw new UnavailableException("no more than " + Broker.MAX_BANS + " bans can be kept at a time", null);
        }
    }

    private boolean tryBan(Ban ban) throws UnavailableException {
        return commands.run(BAN, List.of(bans), ban.key(), ban.toText(), Broker.MAX_BANS)
                .equals(1L);
    }

    void unban(String key) throws UnavailableException {
        remove(bans, List.of(key));
    }

    /** Returns the bans in force, and removes those that have ended. Ignores malformed ones, and keeps them. */
    List<Ban> bans() throws UnavailableException {
        long now = System.currentTimeMillis();
        List<Ban> inForce = new ArrayList<>();
        List<String> ended = new ArrayList<>();
        commands.run(bans, pipeline -> pipeline.hgetAll(bans))
                .forEach((key, text) -> Ban.parse(text).ifPresent(ban -> {
                    if (ban.until().toEpochMilli() > now) {
                        inForce.add(ban);
                    } else {
                        ended.add(key);
                    }
                }));
        remove(bans, ended);
        return inForce;
    }

    private void remove(String hash, List<String> fields) throws UnavailableException {
        String[] some = fields.stream().limit(MAX_REMOVED).toArray(String[]::new);
        if (some.length > 0) {
            commands.run(hash, pipeline -> pipeline.hdel(hash, some));
        }
    }
}

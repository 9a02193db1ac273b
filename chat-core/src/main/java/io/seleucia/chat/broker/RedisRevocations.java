package io.seleucia.chat.broker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The revocations in Redis: one hash, by user, which no retention and no deletion concerns. All methods block. */
final class RedisRevocations {
    private static final RedisScript REVOKE = RedisScript.of("revoke.lua");
    private static final int FORGOTTEN = 1_000; // by one command

    private final RedisCalls calls;
    private final String key;

    RedisRevocations(RedisCalls calls, RedisKeys keys) {
        this.calls = calls;
        this.key = keys.revocations();
    }

    void add(String user, long time) throws UnavailableException {
        calls.run(REVOKE, false, List.of(key), List.of(user, Long.toString(time)));
    }

    /** Reads all, and removes some of those that are too old to matter. */
    Map<String, Long> all() throws UnavailableException {
        long oldest = System.currentTimeMillis() - Broker.REVOCATION_AGE.toMillis();
        Map<String, Long> byUser = new HashMap<>();
        List<String> old = new ArrayList<>();
        Map<String, String> found = calls.ask(key, pipeline -> pipeline.hgetAll(key));
        for (Map.Entry<String, String> entry : found.entrySet()) {
            long time = entry.getValue().matches("\\d{1,18}") ? Long.parseLong(entry.getValue()) : 0;
            if (time >= oldest) {
                byUser.put(entry.getKey(), time);
            } else if (old.size() < FORGOTTEN) {
                old.add(entry.getKey());
            }
        }
        if (!old.isEmpty()) {
            calls.ask(key, pipeline -> pipeline.hdel(key, old.toArray(String[]::new)));
        }
        return byUser;
    }
}

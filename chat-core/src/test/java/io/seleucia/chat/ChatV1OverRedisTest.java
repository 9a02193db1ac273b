package io.seleucia.chat;

import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.broker.redis.RedisServers;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import redis.clients.jedis.RedisClient;

class ChatV1OverRedisTest extends ChatV1AcrossServers {
    private static RedisProcess redis;

    @BeforeAll
    static void startRedis() throws Exception {
        redis = RedisProcess.begin();
    }

    @AfterAll
    static void stopRedis() throws Exception {
        if (redis != null) {
            redis.close();
        }
    }

    @Override
    void flush() {
        try (RedisClient client = redis.client()) {
            client.flushAll();
        }
    }

    /** The keys in Redis. */
    static Set<String> keys() {
        try (RedisClient client = redis.client()) {
            return client.keys("*");
        }
    }

    /** How long a key stays; negative for one that always does. */
    static long secondsLeft(String key) {
        try (RedisClient client = redis.client()) {
            return client.ttl(key);
        }
    }

    @Override
    RedisServers redis() {
        return RedisServers.at(redis.uri());
    }
}

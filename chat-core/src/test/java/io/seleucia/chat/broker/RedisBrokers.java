package io.seleucia.chat.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;

/** Brokers over Redis with another sense of time. */
public final class RedisBrokers {
    private RedisBrokers() {}

    /** One that hears of no server that starts after it. */
    public static RedisBroker looksAtOthersOnlyOnce(URI redis) throws Exception {
        return reachable(redis, RedisPace.DEFAULT.withBeat(Duration.ofDays(1)));
    }

    /** One for which time passes faster, and which need not be reachable yet. */
    public static RedisBroker over(RedisServers servers, Retention retention, int times) {
        return new RedisBroker(servers, RedisBroker.DEFAULT_PREFIX, retention, RedisPace.DEFAULT.faster(times));
    }

    /** One for which time passes faster. */
    static RedisBroker hasty(URI redis, int times) throws Exception {
        return reachable(redis, RedisPace.DEFAULT.faster(times));
    }

    private static RedisBroker reachable(URI redis, RedisPace pace) throws Exception {
        RedisBroker broker =
                new RedisBroker(RedisServers.at(redis), RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT, pace);
        assertThat(broker.awaitReachable(Duration.ofSeconds(60))).isTrue();
        return broker;
    }
}

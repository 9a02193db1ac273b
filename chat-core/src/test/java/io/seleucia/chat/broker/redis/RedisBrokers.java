package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.options.CurrentOptions;
import java.net.URI;
import java.time.Duration;

/** Brokers over Redis with other intervals of heartbeats and renewals. */
public final class RedisBrokers {
    private static final PresenceTiming DEFAULT = PresenceTiming.DEFAULT;

    private RedisBrokers() {}

    /** Returns a broker that never learns of servers that start after it. */
    public static RedisBroker looksAtOthersOnlyOnce(URI redis) throws Exception {
        return reachable(redis, with(Duration.ofDays(1), DEFAULT.renewal(), DEFAULT.sweeping()));
    }

    /** Returns a broker with shorter intervals, whose Redis may be unreachable. */
    public static RedisBroker over(RedisServers servers, Retention retention, int times) {
        return over(servers, retention, faster(times));
    }

    /** Returns the interval of heartbeats. */
    public static Duration beat(int times) {
        return faster(times).beat();
    }

    /** Returns how long a server must have seen another's heartbeat before the other can be dead. */
    public static Duration certainty(int times) {
        return faster(times).certainty();
    }

    /** Returns the silence after which another server is dead. */
    public static Duration silence(int times) {
        return faster(times).silence();
    }

    /** Connects a broker, however long Redis takes to answer. */
    public static RedisBroker connect(RedisServers servers) throws Exception {
        return eventuallyGet(() -> RedisBroker.connect(servers, RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT));
    }

    /** Returns a broker with shorter intervals. */
    static RedisBroker hasty(URI redis, int times) throws Exception {
        return reachable(redis, faster(times));
    }

    /** Returns the default intervals, but does not spread renewals and sweeps over time. */
    static PresenceTiming withoutPauses() {
        return with(DEFAULT.beat(), Duration.ZERO, Duration.ZERO);
    }

    private static PresenceTiming with(Duration beat, Duration renewal, Duration sweeping) {
        return new PresenceTiming(
                beat,
                DEFAULT.interruption(),
                DEFAULT.certainty(),
                DEFAULT.silence(),
                DEFAULT.listed(),
                DEFAULT.lifetime(),
                renewal,
                sweeping);
    }

    private static PresenceTiming faster(int times) {
        return new PresenceTiming(
                DEFAULT.beat().dividedBy(times),
                DEFAULT.interruption().dividedBy(times),
                DEFAULT.certainty().dividedBy(times),
                DEFAULT.silence().dividedBy(times),
                DEFAULT.listed().dividedBy(times),
                DEFAULT.lifetime().dividedBy(times),
                DEFAULT.renewal().dividedBy(times),
                DEFAULT.sweeping().dividedBy(times));
    }

    private static RedisBroker over(RedisServers servers, Retention retention, PresenceTiming timing) {
        MemoryBudget memory = MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE);
        return new RedisBroker(servers, RedisBroker.DEFAULT_PREFIX, retention, memory, new CurrentOptions(), timing);
    }

    private static RedisBroker reachable(URI redis, PresenceTiming timing) throws Exception {
        RedisBroker broker = over(RedisServers.at(redis), Retention.DEFAULT, timing);
        assertThat(broker.awaitReachable(Duration.ofSeconds(60))).isTrue();
        return broker;
    }
}

package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisException;

/**
 * One Redis server that has channels: how it is asked, how it tells, and whether it does either. Its keeper, a thread of
 * its own, sends probes the way that messages go: a server that answers, and does not deliver, is connected anew.
 */
final class RedisNode implements AutoCloseable {
    private static final Logger LOG = System.getLogger(RedisNode.class.getName());
    private static final long ROUND_MILLIS = 500;
    private static final Duration ASKING = Duration.ofMillis(1_900);
    private static final Duration PROBE_AFTER = Duration.ofSeconds(15);
    private static final Duration PROBE_ANSWER = Duration.ofSeconds(5);
    private static final Duration LONGEST_SILENCE =
            PROBE_AFTER.plus(PROBE_ANSWER).plusMillis(2 * ROUND_MILLIS);
    private static final int PROBE_BYTES = 256;

    private final HostAndPort address;
    private final RedisHealth health;
    private final RedisPipeline pipeline;
    private final RedisSubscriber subscriber;
    private final Protocol.Command publish;
    private final CountDownLatch closed = new CountDownLatch(1);
    private long probedAt = System.nanoTime(); // the keeper's own

    /**
     * @param publish what probes are sent with
     */
    RedisNode(
            HostAndPort address,
            RedisHealth health,
            RedisPipeline pipeline,
            RedisSubscriber subscriber,
            Protocol.Command publish) {
        this.address = address;
        this.health = health;
        this.pipeline = pipeline;
        this.subscriber = subscriber;
        this.publish = publish;
        Thread.ofVirtual().name("redis-keeper-" + address.getPort()).start(this::keep);
    }

    HostAndPort address() {
        return address;
    }

    RedisHealth health() {
        return health;
    }

    RedisPipeline pipeline() {
        return pipeline;
    }

    RedisSubscriber subscriber() {
        return subscriber;
    }

    /** What keeps it from taking and delivering messages, if anything does. */
    Optional<String> flaw() {
        return health.flaw()
                .or(() -> subscriber
                        .proven()
                        .filter(age -> age.compareTo(LONGEST_SILENCE) > 0)
                        .map(age -> "nothing has come from Redis at " + address + " for " + age.toSeconds() + " s"));
    }

    private void keep() {
        Loop.run(LOG, "keeping Redis at " + address, () -> closed.getCount() > 0, () -> {
            if (closed.await(ROUND_MILLIS, TimeUnit.MILLISECONDS)) {
                return;
            }
            try {
                pipeline.cutStuck();
                proveDelivery();
                if (!health.isUp()) { // where nobody else asks anything, nothing else shows that it answers again
                    ask(pipe -> pipe.sendCommand(Protocol.Command.PING, new String[0]));
                }
                subscriber.repeat();
            } catch (UnavailableException | JedisException e) {
                LOG.log(Level.DEBUG, () -> "to be tried again: " + e.getMessage());
            }
        });
    }

    /** A subscription that has been silent for long must bring a probe, or is made anew. */
    private void proveDelivery() throws UnavailableException {
        long now = System.nanoTime();
        long silence = now - subscriber.heardAt();
        if (silence > PROBE_AFTER.plus(PROBE_ANSWER).toNanos()) {
            subscriber.reconnect();
        } else if (silence > PROBE_AFTER.toNanos() && now - probedAt > PROBE_ANSWER.toNanos()) {
            probedAt = now;
            ask(pipe -> pipe.sendCommand(publish, subscriber.probe(), "probe"));
        }
    }

    private void ask(Function<Pipeline, Supplier<Object>> command) throws UnavailableException {
        pipeline.ask(new RedisPipeline.Question<>(PROBE_BYTES, false, command), System.nanoTime() + ASKING.toNanos());
    }

    /** Ends its connections and threads. What waits for an answer fails. */
    @Override
    public void close() {
        closed.countDown();
        health.closed();
        subscriber.close();
        pipeline.close();
    }
}

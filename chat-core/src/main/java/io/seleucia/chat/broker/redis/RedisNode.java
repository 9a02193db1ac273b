package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.function.Supplier;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisException;

/**
 * One Redis node: its connections and its health. The {@code redis-keeper} thread publishes probes in the way of
 * messages, and renews a pub/sub connection that delivers nothing although the node answers.
 */
final class RedisNode implements AutoCloseable {
    private static final Logger LOG = System.getLogger(RedisNode.class.getName());
    private static final Duration ROUND = Duration.ofMillis(500);
    private static final Duration TIMEOUT = Duration.ofMillis(1_900);
    private static final Duration PROBE_AFTER = Duration.ofSeconds(15);
    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration LONGEST_SILENCE =
            PROBE_AFTER.plus(PROBE_TIMEOUT).plus(ROUND.multipliedBy(2));
    private static final int PROBE_BYTES = 256;

    private final HostAndPort address;
    private final RedisHealth health;
    private final RedisPipeline pipeline;
    private final Subscriber subscriber;
    private final Protocol.Command publish;
    private final CountDownLatch closed = new CountDownLatch(1);
    private long probedAt = System.nanoTime(); // the keeper's own

    /** @param publish the command that sends probes */
    RedisNode(
            HostAndPort address,
            RedisHealth health,
            RedisPipeline pipeline,
            Subscriber subscriber,
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

    Subscriber subscriber() {
        return subscriber;
    }

    /** Returns why the node does not accept or deliver messages, if it does not. */
    Optional<String> flaw() {
        return health.flaw()
                .or(() -> subscriber
                        .proven()
                        .filter(age -> age.compareTo(LONGEST_SILENCE) > 0)
                        .map(age -> "nothing has come from Redis at " + address + " for " + age.toSeconds() + " s"));
    }

    private void keep() {
        Loop.every(ROUND, LOG, "keeping Redis at " + address, closed, () -> {
            try {
                pipeline.cutStuck();
                proveDelivery();
                if (!health.isUp()) { // without other commands, only this shows that it answers again
                    send(pipe -> pipe.sendCommand(Protocol.Command.PING, new String[0]));
                }
                subscriber.retryUnconfirmed();
            } catch (UnavailableException | JedisException e) {
                LOG.log(Level.DEBUG, () -> "retrying: " + e.getMessage());
            }
        });
    }

    /** Publishes a probe on a silent pub/sub connection, and renews a connection that does not deliver it. */
    private void proveDelivery() throws UnavailableException {
        long now = System.nanoTime();
        long silence = now - subscriber.receivedAt();
        if (silence > PROBE_AFTER.plus(PROBE_TIMEOUT).toNanos()) {
            subscriber.reconnect();
        } else if (silence > PROBE_AFTER.toNanos() && now - probedAt > PROBE_TIMEOUT.toNanos()) {
            probedAt = now;
            send(pipe -> pipe.sendCommand(publish, subscriber.probe(), "probe"));
        }
    }

    private void send(Function<Pipeline, Supplier<Object>> command) throws UnavailableException {
        pipeline.run(new RedisPipeline.Request<>(PROBE_BYTES, command), System.nanoTime() + TIMEOUT.toNanos());
    }

    /** Ends its connections and threads. Requests in flight fail. */
    @Override
    public void close() {
        closed.countDown();
        health.closed();
        subscriber.close();
        pipeline.close();
    }
}

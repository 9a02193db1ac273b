package io.seleucia.chat.broker;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Channels in Redis, shared by any number of servers. Needs Jedis, and Redis 6.2 or newer.
 *
 * <p>A script appends, numbers and publishes a message in one step; one pub/sub connection brings the messages of all
 * channels; the history fills what pub/sub loses. A Redis that can't be reached stops nothing but publishing: the broker
 * connects again by itself, and reads what was missed before it goes on.
 *
 * <p>Threads: the subscriber's, which delivers; a keeper, which does what is due every so often; one that compares
 * positions; and one for each healing, a few at a time.
 */
public final class RedisBroker implements Broker {
    /** What {@code redis-prefix} is by default. */
    public static final String DEFAULT_PREFIX = "chat:";

    private static final Logger LOG = System.getLogger(RedisBroker.class.getName());
    private static final int DEFAULT_PORT = 6379;
    private static final long ROUND_MILLIS = 500;
    private static final Duration REFRESH = Duration.ofSeconds(10);
    private static final Duration CHECK = Duration.ofSeconds(25); // and what the check itself takes
    private static final Duration ON_THE_WAY = Duration.ofSeconds(1);
    private static final Duration OPENING = Duration.ofMillis(1_800);
    private static final Duration PROBE_AFTER = Duration.ofSeconds(15);
    private static final Duration PROBE_ANSWER = Duration.ofSeconds(5);
    private static final int HEALERS = 4;

    private final String node = UUID.randomUUID().toString();
    private final RedisHealth health;
    private final RedisCommands commands;
    private final RedisSubscriber subscriber;
    private final RedisMembers members;

    private final ConcurrentHashMap<String, Shared> feeds = new ConcurrentHashMap<>(); // by channel
    private final Semaphore healers = new Semaphore(HEALERS);
    private final CountDownLatch closed = new CountDownLatch(1);
    private long probedAt = System.nanoTime(); // the keeper's own

    /** A feed and the number of its subscriptions, which the map guards. */
    private static final class Shared {
        final RedisFeed feed;
        int users;

        Shared(RedisFeed feed) {
            this.feed = feed;
        }
    }

    /**
     * Begins to connect, and goes on trying until {@link #close}. A Redis that is out of reach is logged, in one line.
     *
     * @param redis {@code redis://[user:password@]host[:port][/database]}, or {@code rediss://} for TLS
     * @param prefix what all keys begin with
     */
    public RedisBroker(URI redis, String prefix, Retention retention) {
        HostAndPort address = address(redis);
        JedisClientConfig config = config(redis, "seleucia-" + node);
        RedisKeys keys = new RedisKeys(prefix);
        health = new RedisHealth(address.toString());
        commands = new RedisCommands(address, config, keys, retention, health);
        members = new RedisMembers(node, commands, health);
        subscriber = new RedisSubscriber(address, config, keys, node, health, new Incoming());
        Thread.ofVirtual().name("redis-keeper").start(this::keep);
        Thread.ofVirtual().name("redis-check").start(this::check);
    }

    /**
     * A broker on a Redis that answers now. Blocks for two seconds at the most.
     *
     * @throws UnavailableException if it does not; nothing is logged then, and nothing tries again
     */
    public static RedisBroker connect(URI redis, String prefix, Retention retention) throws UnavailableException {
        try (Connection connection = new Connection(address(redis), config(redis, "seleucia"))) {
            connection.ping();
        } catch (JedisException e) {
            throw new UnavailableException("Redis at " + address(redis) + ": " + e.getMessage(), e);
        }
        return new RedisBroker(redis, prefix, retention);
    }

    private static HostAndPort address(URI redis) {
        return new HostAndPort(redis.getHost(), redis.getPort() < 0 ? DEFAULT_PORT : redis.getPort());
    }

    private static JedisClientConfig config(URI redis, String name) {
        return DefaultJedisClientConfig.builder(redis)
                .resp2()
                .connectionTimeoutMillis((int) RedisPipeline.CONNECT.toMillis())
                .socketTimeoutMillis((int) RedisPipeline.ANSWER.toMillis())
                .clientName(name)
                .build();
    }

    /** Waits until Redis can be reached; false if that takes longer than {@code limit}. */
    public boolean awaitReachable(Duration limit) throws InterruptedException {
        return health.awaitUp(limit);
    }

    @Override
    public Receipt publish(String channel, String sender, Content content, String key) throws UnavailableException {
        return commands.publish(channel, sender, content, key, seen(channel));
    }

    @Override
    public void signal(String channel, Signal signal) throws UnavailableException {
        commands.signal(channel, signal);
    }

    @Override
    public Subscription subscribe(String channel, Listener listener) throws UnavailableException {
        boolean[] first = new boolean[1];
        Shared shared = feeds.compute(channel, (name, present) -> {
            first[0] = present == null;
            Shared used = present == null ? new Shared(new RedisFeed(name, commands)) : present;
            used.users++;
            return used;
        });
        try {
            if (first[0]) {
                subscriber.add(shared.feed);
            }
            if (!shared.feed.awaitOpened(OPENING)) {
                throw new UnavailableException("Redis does not confirm the subscription", null);
            }
        } catch (UnavailableException e) {
            release(shared);
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            release(shared);
            throw new UnavailableException("interrupted while subscribing", e);
        }
        return subscription(shared, listener);
    }

    private Subscription subscription(Shared shared, Listener listener) {
        Position start = shared.feed.add(listener);
        return new Subscription() {
            @Override
            public Position start() {
                return start;
            }

            @Override
            public void close() {
                shared.feed.remove(listener);
                release(shared);
            }
        };
    }

    private void release(Shared shared) {
        boolean[] last = new boolean[1];
        feeds.computeIfPresent(shared.feed.channel(), (name, present) -> {
            last[0] = --present.users == 0;
            return last[0] ? null : present;
        });
        if (last[0]) {
            subscriber.remove(shared.feed);
        }
    }

    @Override
    public Page historyAfter(String channel, long offset, int limit) throws UnavailableException {
        return commands.after(channel, seen(channel), offset, limit);
    }

    @Override
    public Page historyBefore(String channel, long offset, int limit) throws UnavailableException {
        return commands.before(channel, seen(channel), offset, limit);
    }

    @Override
    public void delete(String channel) throws UnavailableException {
        commands.delete(channel);
    }

    @Override
    public void deleteFrom(String sender) throws UnavailableException {
        commands.deleteFrom(sender);
    }

    @Override
    public void join(String channel, String client) {
        members.join(channel, client);
    }

    @Override
    public void leave(String channel, String client) {
        members.leave(channel, client);
    }

    @Override
    public Map<String, Integer> members(String channel) throws UnavailableException {
        return commands.members(channel);
    }

    private Position seen(String channel) {
        Shared shared = feeds.get(channel);
        return shared == null ? Position.NONE : shared.feed.last();
    }

    @Override
    public void close() {
        closed.countDown();
        members.close();
        health.closed();
        subscriber.close();
        commands.close();
    }

    /** Does what is due, until the broker is closed. */
    private void keep() {
        long refreshed = System.nanoTime();
        try {
            while (!closed.await(ROUND_MILLIS, TimeUnit.MILLISECONDS)) {
                try {
                    proveDelivery();
                    if (!health.isUp()) {
                        commands.ping(); // where nobody else asks anything, nothing else shows that it answers again
                    }
                    if (health.isUp()) {
                        feeds.values().stream()
                                .map(shared -> shared.feed)
                                .filter(RedisFeed::ailing)
                                .forEach(this::heal);
                        members.catchUp();
                        if (System.nanoTime() - refreshed > REFRESH.toNanos()) {
                            refreshed = System.nanoTime();
                            members.refresh();
                        }
                    }
                } catch (UnavailableException e) {
                    LOG.log(Level.DEBUG, () -> "to be tried again: " + e.getMessage());
                } catch (RuntimeException e) {
                    LOG.log(Level.ERROR, "keeping the broker failed", e);
                }
            }
        } catch (InterruptedException e) {
            LOG.log(Level.ERROR, "the keeper was interrupted: nothing is refreshed any more", e);
        }
    }

    /** A subscription that has been silent for long must bring a probe, or is made anew. Called by the keeper. */
    private void proveDelivery() throws UnavailableException {
        long now = System.nanoTime();
        long silence = now - subscriber.heardAt();
        if (silence > PROBE_AFTER.plus(PROBE_ANSWER).toNanos()) {
            subscriber.reconnect();
        } else if (silence > PROBE_AFTER.toNanos() && now - probedAt > PROBE_ANSWER.toNanos()) {
            probedAt = now;
            commands.publishProbe(node);
        }
    }

    /** Compares every channel with Redis: a lost message shows when the next one comes, a lost last one only so. */
    private void check() {
        try {
            while (!closed.await(CHECK.toMillis(), TimeUnit.MILLISECONDS)) {
                Map<RedisFeed, Position> positions = new HashMap<>();
                try {
                    for (Shared shared : feeds.values()) {
                        Position last = shared.feed.last();
                        positions.put(
                                shared.feed,
                                commands.since(shared.feed.channel(), last, 0).position());
                    }
                } catch (UnavailableException e) {
                    continue; // every channel is read when Redis is back
                }
                closed.await(ON_THE_WAY.toMillis(), TimeUnit.MILLISECONDS);
                positions.forEach((feed, position) -> {
                    if (feed.missed(position)) {
                        feed.suspect();
                        heal(feed);
                    }
                });
            }
        } catch (InterruptedException e) {
            LOG.log(Level.ERROR, "the check was interrupted: a lost last message is no longer found", e);
        }
    }

    private void heal(RedisFeed feed) {
        Thread.ofVirtual().name("redis-healing").start(() -> {
            try {
                healers.acquire();
                try {
                    feed.heal();
                } finally {
                    healers.release();
                }
            } catch (UnavailableException e) {
                LOG.log(Level.DEBUG, () -> "to be healed later: " + e.getMessage());
            } catch (InterruptedException e) {
                LOG.log(Level.DEBUG, "interrupted before healing");
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "healing channel " + feed.channel() + " failed", e);
            }
        });
    }

    private final class Incoming implements RedisSubscriber.Receiver {
        @Override
        public void received(RedisFeed feed, RedisMessage.Live live) {
            if (feed.live(live)) {
                heal(feed);
            }
        }

        @Override
        public void subscribed(RedisFeed feed) {
            feed.suspect();
            heal(feed);
        }

        @Override
        public void connected() {
            commands.reconnect();
            members.rewriteAll();
        }
    }
}

package io.seleucia.chat.broker;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The one pub/sub connection, shared by all channels. A thread of its own reads it and connects again, with backoff,
 * whenever it breaks; commands that change subscriptions are written by whoever needs them, one at a time, because
 * Jedis does not lock them. A channel of this server's own is always subscribed: Jedis ends its loop with the last
 * subscription, and a probe sent there proves that messages arrive.
 */
final class RedisSubscriber implements AutoCloseable {
    /** What is done with what comes. Called by the subscriber's thread; must not block. */
    interface Receiver {
        /** Something for a feed. */
        void received(RedisFeed feed, RedisMessage.Live live);

        /** A feed's subscription stands; what was published before may have been missed. */
        void subscribed(RedisFeed feed);

        /** There is a new connection to Redis, which may be a new Redis. */
        void connected();
    }

    private static final Logger LOG = System.getLogger(RedisSubscriber.class.getName());
    private static final long FIRST_BACKOFF_MILLIS = 100;
    private static final long LONGEST_BACKOFF_MILLIS = 2_000;
    private static final int BATCH = 1_000;

    private final HostAndPort address;
    private final JedisClientConfig config;
    private final RedisKeys keys;
    private final String probe;
    private final RedisHealth health;
    private final Receiver receiver;

    private final ConcurrentHashMap<String, RedisFeed> feeds = new ConcurrentHashMap<>(); // by pub/sub channel
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final ReentrantLock writing = new ReentrantLock(); // guards pubSub, and is held while a command is written
    private PubSub pubSub; // null while there is no connection
    private volatile Connection connection;
    private volatile long heardAt = System.nanoTime(); // or when the connection was begun
    private volatile long provenAt; // when something last came, or 0

    RedisSubscriber(
            HostAndPort address,
            JedisClientConfig config,
            RedisKeys keys,
            String node,
            RedisHealth health,
            Receiver receiver) {
        this.address = address;
        this.config = config;
        this.keys = keys;
        this.probe = keys.probe(node);
        this.health = health;
        this.receiver = receiver;
        Thread.ofVirtual().name("redis-subscriber").start(this::run);
    }

    /** Subscribes a feed. The receiver hears of it when it stands. */
    void add(RedisFeed feed) throws UnavailableException {
        String live = keys.live(feed.channel());
        feeds.put(live, feed);
        synchronise(live);
    }

    /** Ends a feed's subscription, unless a newer feed has taken its place. */
    void remove(RedisFeed feed) {
        String live = keys.live(feed.channel());
        if (feeds.remove(live, feed)) {
            try {
                synchronise(live);
            } catch (UnavailableException e) {
                LOG.log(Level.DEBUG, () -> "a broken connection has no subscription to end: " + e.getMessage());
            }
        }
    }

    /** When something last came, or the connection was begun, as {@link System#nanoTime}. */
    long heardAt() {
        return heardAt;
    }

    /** How long ago something last came, on whatever connection; empty if nothing ever did. */
    Optional<Duration> proven() {
        long at = provenAt;
        return at == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(System.nanoTime() - at));
    }

    /** Cuts the connection, which no longer brings messages; another is made. */
    void reconnect() {
        Connection broken = connection;
        if (broken != null) {
            try {
                broken.forceDisconnect();
            } catch (IOException e) {
                LOG.log(Level.DEBUG, () -> "cutting the pub/sub connection: " + e.getMessage());
            }
        }
    }

    /** Brings Redis' view of one pub/sub channel in line with ours, whatever others do at the same time. */
    private void synchronise(String live) throws UnavailableException {
        writing.lock();
        try {
            if (pubSub == null) {
                throw new UnavailableException("there is no pub/sub connection to Redis", null);
            }
            if (feeds.containsKey(live)) {
                pubSub.subscribe(live);
            } else {
                pubSub.unsubscribe(live);
            }
        } catch (JedisException e) {
            throw new UnavailableException("the pub/sub connection to Redis broke", e);
        } finally {
            writing.unlock();
        }
    }

    private void run() {
        long backoff = FIRST_BACKOFF_MILLIS;
        try {
            do {
                long began = System.nanoTime();
                try (Connection current = new Connection(address, config)) {
                    connection = current;
                    heardAt = System.nanoTime();
                    new PubSub().proceed(current, probe); // returns or throws when the connection has ended
                    health.unsubscribed(new IOException("the pub/sub connection ended"));
                } catch (JedisException e) {
                    health.unsubscribed(e);
                } catch (RuntimeException e) {
                    LOG.log(Level.ERROR, "the pub/sub loop failed and is started again", e);
                } finally {
                    disconnected();
                }
                boolean stood = System.nanoTime() - began > TimeUnit.MILLISECONDS.toNanos(LONGEST_BACKOFF_MILLIS);
                backoff = stood ? FIRST_BACKOFF_MILLIS : Math.min(2 * backoff, LONGEST_BACKOFF_MILLIS);
            } while (!stopped.await(ThreadLocalRandom.current().nextLong(backoff / 2, backoff), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            LOG.log(Level.ERROR, "the subscriber was interrupted: nothing more is received", e);
        }
    }

    private void disconnected() {
        writing.lock();
        try {
            pubSub = null;
        } finally {
            writing.unlock();
        }
        connection = null;
    }

    /** Runs in the subscriber's thread once Redis has confirmed the probe's channel. */
    private void connected(PubSub current) {
        writing.lock();
        try {
            pubSub = current;
            String[] all = feeds.keySet().toArray(String[]::new);
            for (int from = 0; from < all.length; from += BATCH) {
                int to = Math.min(from + BATCH, all.length);
                current.subscribe(Arrays.copyOfRange(all, from, to));
            }
        } finally {
            writing.unlock();
        }
        health.subscribed();
        receiver.connected();
    }

    @Override
    public void close() {
        stopped.countDown();
        reconnect();
    }

    private void heard() {
        long now = System.nanoTime() | 1; // 0 says that nothing has come
        heardAt = now;
        provenAt = now;
    }

    private final class PubSub extends JedisPubSub {
        @Override
        public void onSubscribe(String pubSubChannel, int subscriptions) {
            heard();
            if (pubSubChannel.equals(probe)) {
                connected(this);
                return;
            }
            RedisFeed feed = feeds.get(pubSubChannel);
            if (feed != null) {
                receiver.subscribed(feed);
            }
        }

        @Override
        public void onMessage(String pubSubChannel, String text) {
            heard();
            RedisFeed feed = feeds.get(pubSubChannel);
            if (feed != null) {
                receiver.received(feed, RedisMessage.live(feed.channel(), text));
            }
        }
    }
}

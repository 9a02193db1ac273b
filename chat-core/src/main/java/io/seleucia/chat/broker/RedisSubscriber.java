package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The one pub/sub connection to a Redis server, shared by all channels that are there. A thread of its own reads it and
 * connects again, with backoff, whenever it breaks. Another thread of its own writes the commands that change
 * subscriptions: callers only say what they need, for an interrupt of theirs in the midst of a write would close the
 * connection for all channels. A channel of this process' own is always subscribed: a probe sent there proves that
 * messages arrive.
 *
 * <p>A node of a cluster may refuse a channel, or end its subscription when the channel's slot moves away. The receiver
 * is told, and the channel stays without a subscription until it is asked for again, here or at another node.
 */
final class RedisSubscriber implements AutoCloseable {
    /** What is done with what comes. Called by the subscriber's thread; must not block. */
    interface Receiver {
        /** Something for a feed. */
        void received(RedisFeed feed, RedisMessage.Live live);

        /** A feed's subscription stands; what was published before may have been missed. */
        void subscribed(RedisFeed feed);

        /** Commands go to this server over a new connection, perhaps to a Redis that knows less than the one before. */
        void reached(HostAndPort server);

        /** There is a new connection to this server, which may be a new Redis. */
        void connected(HostAndPort server);

        /** Some feed has no subscription that it ought to have. */
        void unsubscribed();

        /** The server refuses what it was asked for; {@link #unsubscribed} is called as well. */
        void refused(HostAndPort server, JedisDataException why);
    }

    private static final Logger LOG = System.getLogger(RedisSubscriber.class.getName());
    private static final long FIRST_BACKOFF_MILLIS = 100;
    private static final long LONGEST_BACKOFF_MILLIS = 2_000;
    private static final int MOST_CHANGES = 1_000; // written at once
    private static final String NOTHING = ""; // wakes the writer, and is no channel
    private static final int BATCH = 250; // in one command, which keeps all others waiting
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final HostAndPort address;
    private final RedisAccess access;
    private final RedisKeys keys;
    private final Words words;
    private final RedisHealth health;
    private final Receiver receiver;

    private final ConcurrentHashMap<String, Place> places = new ConcurrentHashMap<>(); // by pub/sub channel
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final LinkedBlockingQueue<String> changed = new LinkedBlockingQueue<>(); // what the writer looks at
    private final ReentrantLock writing = new ReentrantLock(); // guards current, and is held while a command is written
    private volatile Subscribing open; // null while there is no connection; cut without the lock
    private volatile Subscribing current; // the same, once all is written that is to be subscribed
    private long backoff = FIRST_BACKOFF_MILLIS; // the reader's own
    private volatile String probe;
    private volatile long answered; // what was asked before that has been answered, as System.nanoTime
    private volatile long heardAt = System.nanoTime(); // or when the connection was begun
    private volatile long provenAt; // when that last was seen to work, or 0

    /** What Redis calls things, on a cluster and elsewhere. */
    private enum Words {
        PLAIN(Protocol.Command.SUBSCRIBE, Protocol.Command.UNSUBSCRIBE, "", BATCH),
        SHARDED(Protocol.Command.SSUBSCRIBE, Protocol.Command.SUNSUBSCRIBE, "s", 1); // one slot in a command

        private final Protocol.Command subscribe;
        private final Protocol.Command unsubscribe;
        private final String message;
        private final String subscribed;
        private final String unsubscribed;
        private final int batch;

        Words(Protocol.Command subscribe, Protocol.Command unsubscribe, String prefix, int batch) {
            this.subscribe = subscribe;
            this.unsubscribe = unsubscribe;
            this.message = prefix + "message";
            this.subscribed = prefix + "subscribe";
            this.unsubscribed = prefix + "unsubscribe";
            this.batch = batch;
        }
    }

    /** A feed, and whether Redis has confirmed its subscription on the connection that stands. */
    private static final class Place {
        private final RedisFeed feed;
        private volatile boolean standing;
        private volatile long askedAt = System.nanoTime();

        private Place(RedisFeed feed) {
            this.feed = feed;
        }
    }

    /** A connection that is written by one thread while another reads, and that Jedis does not make anew by itself. */
    private static final class Subscribing extends Connection {
        private final RedisAccess.Line line;
        private final boolean made;
        private boolean proven; // the reader's own: the channel for probes stands

        private Subscribing(RedisAccess.Line line, JedisClientConfig config) {
            super(line, config); // which connects
            this.line = line;
            made = true;
        }

        @Override
        public void connect() {
            if (!made) {
                super.connect();
            } else if (!isConnected()) {
                throw new JedisConnectionException("the connection has ended");
            }
        }

        private void write(Protocol.Command command, String... names) {
            sendCommand(command, names);
        }

        private void flushAll() {
            flush();
        }
    }

    /**
     * @param sharded whether Redis is a cluster
     * @param probe the pub/sub channel of this process' own
     */
    RedisSubscriber(
            HostAndPort address,
            RedisAccess access,
            RedisKeys keys,
            boolean sharded,
            String probe,
            RedisHealth health,
            Receiver receiver) {
        this.address = address;
        this.access = access;
        this.keys = keys;
        this.words = sharded ? Words.SHARDED : Words.PLAIN;
        this.probe = probe;
        this.health = health;
        this.receiver = receiver;
        Thread.ofVirtual().name("redis-subscriber-" + address.getPort()).start(this::run);
        Thread.ofVirtual().name("redis-subscribing-" + address.getPort()).start(this::write);
    }

    /** Subscribes a feed. The receiver hears of it when it stands. */
    void add(RedisFeed feed) throws UnavailableException {
        String live = keys.live(feed.channel());
        places.put(live, new Place(feed));
        if (current == null) {
            throw new UnavailableException("there is no pub/sub connection to Redis", null);
        }
        changed.add(live);
    }

    /** Ends a feed's subscription, unless a newer feed has taken its place. */
    void remove(RedisFeed feed) {
        String live = keys.live(feed.channel());
        Place place = places.get(live);
        if (place != null && place.feed == feed && places.remove(live, place) && current != null) {
            changed.add(live);
        }
    }

    /** The feeds that are to be subscribed here. */
    List<RedisFeed> feeds() {
        return places.values().stream().map(place -> place.feed).toList();
    }

    /** Whether a feed is to be subscribed here. */
    boolean has(RedisFeed feed) {
        Place place = places.get(keys.live(feed.channel()));
        return place != null && place.feed == feed;
    }

    /** Asks again for what Redis has not confirmed, though it has answered what it was asked after that. */
    void repeat() {
        long now = System.nanoTime();
        for (var entry : places.entrySet()) {
            Place place = entry.getValue();
            boolean overtaken = place.askedAt - answered < 0 || now - place.askedAt > PATIENCE.toNanos();
            if (!place.standing && overtaken && current != null) {
                place.askedAt = now;
                changed.add(entry.getKey());
            }
        }
    }

    /** What {@link #heardAt} is proven by. */
    String probe() {
        return probe;
    }

    /** Takes another channel for probes, because the slot of the first has moved away and its subscription with it. */
    void probe(String other) {
        probe = other;
        changed.add(other);
    }

    /**
     * When a message last came, or the connection was begun, as {@link System#nanoTime}. Answers to commands do not count:
     * they would come from a server that delivers nothing as well.
     */
    long heardAt() {
        return heardAt;
    }

    /** How long ago a message last came, on whatever connection, or one was begun; empty if that has never been. */
    Optional<Duration> proven() {
        long at = provenAt;
        return at == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(System.nanoTime() - at));
    }

    /** Cuts the connection, which no longer brings messages; another is made. */
    void reconnect() {
        Subscribing broken = open;
        if (broken != null) {
            broken.line.cut();
        }
    }

    /** The writer's: brings Redis' view of pub/sub channels in line with ours, whatever others do at the same time. */
    private void synchronise() throws InterruptedException {
        Set<String> names = new LinkedHashSet<>();
        names.add(changed.take());
        changed.drainTo(names, MOST_CHANGES);
        names.remove(NOTHING);
        writing.lock();
        try {
            if (current != null && !names.isEmpty()) { // else the next connection begins with all that is wanted
                write(current, names);
            }
        } catch (JedisException e) {
            LOG.log(Level.DEBUG, () -> "the next connection has the subscriptions: " + e.getMessage());
        } finally {
            writing.unlock();
        }
    }

    private void write(Subscribing connection, Set<String> names) {
        List<String> wanted = new ArrayList<>();
        List<String> unwanted = new ArrayList<>();
        long now = System.nanoTime();
        for (String name : names) {
            Place place = places.get(name);
            if (place != null) {
                place.askedAt = now;
            }
            (place != null || name.equals(probe) ? wanted : unwanted).add(name);
        }
        write(connection, words.subscribe, wanted);
        write(connection, words.unsubscribe, unwanted);
        connection.flushAll();
    }

    private void write(Subscribing connection, Protocol.Command command, List<String> names) {
        for (int from = 0; from < names.size(); from += words.batch) {
            int to = Math.min(from + words.batch, names.size());
            connection.write(command, names.subList(from, to).toArray(String[]::new));
        }
    }

    private void write() {
        Loop.run(LOG, "subscribing at Redis at " + address, () -> stopped.getCount() > 0, this::synchronise);
    }

    private void run() {
        Loop.run(LOG, "the pub/sub connection to Redis at " + address, () -> stopped.getCount() > 0, this::connect);
    }

    /** Connects, and reads until the connection breaks; then waits before the next one. */
    private void connect() throws InterruptedException {
        long began = System.nanoTime();
        try (Subscribing connection = new Subscribing(access.line(address), access.config())) {
            heardAt = System.nanoTime();
            open = connection;
            connection.setTimeoutInfinite();
            subscribeAll(connection);
            while (stopped.getCount() > 0) {
                read(connection);
            }
        } catch (JedisException e) {
            health.unsubscribed(e);
        } catch (Throwable e) { // what was missed by it is found when the next connection stands
            Loop.report(LOG, "the pub/sub connection to Redis at " + address, e);
        } finally {
            disconnected();
        }
        boolean stood = System.nanoTime() - began > TimeUnit.MILLISECONDS.toNanos(LONGEST_BACKOFF_MILLIS);
        backoff = stood ? FIRST_BACKOFF_MILLIS : Math.min(2 * backoff, LONGEST_BACKOFF_MILLIS);
        stopped.await(ThreadLocalRandom.current().nextLong(backoff / 2, backoff), TimeUnit.MILLISECONDS);
    }

    private void disconnected() {
        writing.lock();
        try {
            open = null;
            current = null;
        } finally {
            writing.unlock();
        }
        receiver.unsubscribed();
    }

    private void subscribeAll(Subscribing connection) {
        writing.lock();
        try {
            changed.removeIf(name -> !name.equals(NOTHING)); // all that is wanted is written here
            connection.write(words.subscribe, probe);
            long now = System.nanoTime();
            places.values().forEach(place -> {
                place.standing = false;
                place.askedAt = now;
            });
            answered = now;
            write(connection, words.subscribe, List.copyOf(places.keySet()));
            connection.flushAll();
            current = connection;
        } finally {
            writing.unlock();
        }
    }

    private void read(Subscribing connection) {
        List<?> push;
        try {
            push = (List<?>) connection.getUnflushedObject();
        } catch (JedisDataException e) { // no word of which channel it is about
            answered = System.nanoTime();
            receiver.refused(address, e);
            receiver.unsubscribed();
            return;
        }
        String word = text(push.get(0));
        String name = text(push.get(1));
        if (word.equals(words.message)) {
            heard();
        }
        if (name.equals(probe)) {
            if (word.equals(words.subscribed) && !connection.proven) {
                connection.proven = true;
                heard();
                health.subscribed();
                receiver.connected(address);
            }
            return;
        }
        Place place = places.get(name);
        if (place == null) {
            return; // it was given up meanwhile
        }
        if (word.equals(words.message)) {
            receiver.received(place.feed, RedisMessage.live(place.feed.channel(), text(push.get(2))));
        } else if (word.equals(words.subscribed)) {
            place.standing = true;
            answered = place.askedAt;
            receiver.subscribed(place.feed);
        } else if (word.equals(words.unsubscribed) && place.standing) {
            place.standing = false;
            receiver.unsubscribed();
        }
    }

    private static String text(Object bytes) {
        return new String((byte[]) bytes, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        stopped.countDown();
        changed.add(NOTHING);
        reconnect();
    }

    private void heard() {
        long now = System.nanoTime() | 1; // 0 says that it never was
        heardAt = now;
        provenAt = now;
    }
}

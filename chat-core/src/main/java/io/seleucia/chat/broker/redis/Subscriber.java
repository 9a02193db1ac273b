package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.UnavailableException;
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
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The one pub/sub connection to a Redis node, shared by all its channels. A {@code redis-subscriber} thread reads it,
 * and reconnects with backoff whenever it breaks. A {@code redis-subscribing} thread writes the commands that change
 * subscriptions: callers only enqueue them, because an interrupt during a write closes the connection of all channels.
 * A pub/sub channel of this server's own is always subscribed: a probe published there proves that messages arrive.
 *
 * <p>A node of a cluster may refuse a channel, or end its subscription when the channel's slot moves away. The receiver
 * is told, and the channel stays unsubscribed until it is added again, here or at another node.
 */
final class Subscriber implements AutoCloseable {
    /** Handles incoming messages and changes. Called by the reading thread; must not block. */
    interface Receiver {
        void received(ChannelFeed feed, MessageCodec.Live live);

        /** Handles the confirmation of a feed's subscription. Messages before it may have been missed. */
        void subscribed(ChannelFeed feed);

        /** Handles the loss of some feed's subscription. */
        void unsubscribed();

        /** Handles a new connection for commands, perhaps to a Redis that has lost data. */
        void commandsConnected(HostAndPort address);

        /** Handles a new pub/sub connection, perhaps to a Redis that has lost data. */
        void connected(HostAndPort address);

        /** Handles an error reply; {@link #unsubscribed} is called as well. */
        void refused(HostAndPort address, JedisDataException why);
    }

    private static final Logger LOG = System.getLogger(Subscriber.class.getName());
    private static final long FIRST_BACKOFF_MILLIS = 100;
    private static final long LONGEST_BACKOFF_MILLIS = 2_000;
    private static final int MAX_CHANGES = 1_000; // written at once
    private static final String WAKE_UP = ""; // wakes the writing thread, and is no channel
    private static final int BATCH = 250; // channels in one command, during which Redis serves no other client
    private static final Duration REPLY_TIMEOUT = Duration.ofSeconds(2);

    private final HostAndPort address;
    private final RedisConnectionFactory connections;
    private final RedisKeys keys;
    private final boolean sharded;
    private final RedisHealth health;
    private final Receiver receiver;

    private final ConcurrentHashMap<String, Subscription> subscriptions = new ConcurrentHashMap<>(); // by key
    private final CountDownLatch closed = new CountDownLatch(1);
    private final LinkedBlockingQueue<String> changes = new LinkedBlockingQueue<>(); // pub/sub channels to look at
    private final ReentrantLock writing = new ReentrantLock(); // guards current, and is held while a command is written
    private volatile PubSub open; // null while there is no connection; cut without the lock
    private volatile PubSub current; // the same, once all subscriptions were written
    private long backoff = FIRST_BACKOFF_MILLIS; // the reading thread's own
    private volatile String probe;
    private volatile long repliedUntil; // Redis has replied to all commands before that, as System.nanoTime
    private volatile long receivedAt = System.nanoTime(); // or when the connection was begun
    private volatile long provenAt; // when the last message or subscription arrived; 0 if none has

    private static final class Subscription {
        private final ChannelFeed feed;
        private volatile boolean confirmed; // on the current connection
        private volatile long sentAt = System.nanoTime();

        private Subscription(ChannelFeed feed) {
            this.feed = feed;
        }
    }

    /** A connection that one thread writes while another reads, and that Jedis does not reconnect by itself. */
    private static final class PubSub extends Connection {
        private final RedisConnectionFactory.SocketFactory socket;
        private final boolean constructed;
        private boolean proven; // the probes' channel is subscribed; the reading thread's own

        private PubSub(RedisConnectionFactory.SocketFactory socket) {
            super(socket, socket.config()); // which connects
            this.socket = socket;
            constructed = true;
        }

        @Override
        public void connect() {
            if (!constructed) {
                super.connect();
            } else if (!isConnected()) {
                throw new JedisConnectionException("the connection has ended");
            }
        }

        private void flushAll() {
            flush();
        }
    }

    /** @param probe the pub/sub channel for this server's probes */
    Subscriber(
            HostAndPort address,
            RedisConnectionFactory connections,
            RedisKeys keys,
            boolean sharded,
            String probe,
            RedisHealth health,
            Receiver receiver) {
        this.address = address;
        this.connections = connections;
        this.keys = keys;
        this.sharded = sharded;
        this.probe = probe;
        this.health = health;
        this.receiver = receiver;
        start("redis-subscriber-", "the pub/sub connection to Redis at ", this::connect);
        start("redis-subscribing-", "subscribing at Redis at ", this::writeChanges);
    }

    private void start(String thread, String what, Loop.Step step) {
        Thread.ofVirtual()
                .name(thread + address.getPort())
                .start(() -> Loop.run(LOG, what + address, () -> closed.getCount() > 0, step));
    }

    /**
     * Subscribes a feed. The receiver is told of the confirmation.
     *
     * @throws UnavailableException if there is no connection; the next one subscribes the feed
     */
    void add(ChannelFeed feed) throws UnavailableException {
        String live = keys.live(feed.channel());
        subscriptions.put(live, new Subscription(feed));
        if (current == null) {
            throw new UnavailableException("there is no pub/sub connection to Redis", null);
        }
        changes.add(live);
    }

    /** Ends a feed's subscription, unless a newer feed of the channel has replaced it. */
    void remove(ChannelFeed feed) {
        String live = keys.live(feed.channel());
        Subscription subscription = subscriptions.get(live);
        if (subscription != null
                && subscription.feed == feed
                && subscriptions.remove(live, subscription)
                && current != null) {
            changes.add(live);
        }
    }

    /** Returns the feeds that were added, confirmed or not. */
    List<ChannelFeed> feeds() {
        return subscriptions.values().stream().map(one -> one.feed).toList();
    }

    /** Returns whether a feed was added, confirmed or not. */
    boolean has(ChannelFeed feed) {
        Subscription subscription = subscriptions.get(keys.live(feed.channel()));
        return subscription != null && subscription.feed == feed;
    }

    /** Sends subscriptions again that Redis has not confirmed, although it has replied to later commands. */
    void retryUnconfirmed() {
        long now = System.nanoTime();
        subscriptions.forEach((name, one) -> {
            boolean overdue = one.sentAt - repliedUntil < 0 || now - one.sentAt > REPLY_TIMEOUT.toNanos();
            if (!one.confirmed && overdue && current != null) {
                one.sentAt = now;
                changes.add(name);
            }
        });
    }

    String probe() {
        return probe;
    }

    /** Takes another channel for probes, because the slot of the former one has moved away. */
    void probe(String other) {
        probe = other;
        changes.add(other);
    }

    /** Returns when the last message arrived or the connection was begun, as {@link System#nanoTime}. */
    long receivedAt() {
        return receivedAt;
    }

    /** Returns how long ago the last message or first subscription of a connection arrived, if any has. */
    Optional<Duration> proven() {
        long at = provenAt;
        return at == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(System.nanoTime() - at));
    }

    /** Cuts a connection that no longer brings messages, so that another is made. */
    void reconnect() {
        PubSub broken = open;
        if (broken != null) {
            broken.socket.cut();
        }
    }

    /** Brings Redis in line with the subscriptions. Other threads may change them at the same time. */
    private void writeChanges() throws InterruptedException {
        Set<String> names = new LinkedHashSet<>();
        names.add(changes.take());
        changes.drainTo(names, MAX_CHANGES);
        names.remove(WAKE_UP);
        writing.lock();
        try {
            if (current != null && !names.isEmpty()) { // else the next connection begins with all subscriptions
                write(current, names);
            }
        } catch (JedisException e) {
            LOG.log(Level.DEBUG, () -> "subscribing with the next connection: " + e.getMessage());
        } finally {
            writing.unlock();
        }
    }

    private void write(PubSub connection, Set<String> names) {
        List<String> wanted = new ArrayList<>();
        List<String> unwanted = new ArrayList<>();
        long now = System.nanoTime();
        for (String name : names) {
            Subscription subscription = subscriptions.get(name);
            if (subscription != null) {
                subscription.sentAt = now;
            }
            (subscription != null || name.equals(probe) ? wanted : unwanted).add(name);
        }
        write(connection, subscribe(), wanted);
        write(connection, sharded ? Protocol.Command.SUNSUBSCRIBE : Protocol.Command.UNSUBSCRIBE, unwanted);
        connection.flushAll();
    }

    private Protocol.Command subscribe() {
        return sharded ? Protocol.Command.SSUBSCRIBE : Protocol.Command.SUBSCRIBE;
    }

    private void write(PubSub connection, Protocol.Command command, List<String> names) {
        int batch = sharded ? 1 : BATCH; // a sharded command can only name channels of one slot
        for (int from = 0; from < names.size(); from += batch) {
            int to = Math.min(from + batch, names.size());
            connection.sendCommand(command, names.subList(from, to).toArray(String[]::new));
        }
    }

    /** Connects, reads until the connection breaks, and waits for the backoff. */
    private void connect() throws InterruptedException {
        long began = System.nanoTime();
        try (PubSub connection = new PubSub(connections.socketFactory(address))) {
            receivedAt = System.nanoTime();
            open = connection;
            connection.setTimeoutInfinite();
            subscribeAll(connection);
            while (closed.getCount() > 0) {
                read(connection);
            }
        } catch (JedisException e) {
            health.unsubscribed(e);
        } catch (Throwable e) { // messages missed because of it are found with the next connection
            Loop.report(LOG, "the pub/sub connection to Redis at " + address, e);
        } finally {
            disconnected();
        }
        boolean lasted = System.nanoTime() - began > TimeUnit.MILLISECONDS.toNanos(LONGEST_BACKOFF_MILLIS);
        backoff = lasted ? FIRST_BACKOFF_MILLIS : Math.min(2 * backoff, LONGEST_BACKOFF_MILLIS);
        closed.await(ThreadLocalRandom.current().nextLong(backoff / 2, backoff), TimeUnit.MILLISECONDS);
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

    private void subscribeAll(PubSub connection) {
        writing.lock();
        try {
            changes.removeIf(name -> !name.equals(WAKE_UP)); // all subscriptions are written here
            connection.sendCommand(subscribe(), probe);
            long now = System.nanoTime();
            subscriptions.values().forEach(one -> {
                one.confirmed = false;
                one.sentAt = now;
            });
            repliedUntil = now;
            write(connection, subscribe(), List.copyOf(subscriptions.keySet()));
            connection.flushAll();
            current = connection;
        } finally {
            writing.unlock();
        }
    }

    private void read(PubSub connection) {
        List<?> push;
        try {
            push = (List<?>) connection.getUnflushedObject();
        } catch (JedisDataException e) { // it does not say which channel it concerns
            repliedUntil = System.nanoTime();
            receiver.refused(address, e);
            receiver.unsubscribed();
            return;
        }
        String kind = text(push.get(0), sharded ? 1 : 0); // sharded ones begin with an s
        String name = text(push.get(1), 0);
        if (kind.equals("message")) {
            noteArrival();
        }
        if (name.equals(probe)) {
            if (kind.equals("subscribe") && !connection.proven) {
                connection.proven = true;
                noteArrival();
                health.subscribed();
                receiver.connected(address);
            }
            return;
        }
        Subscription subscription = subscriptions.get(name);
        if (subscription == null) {
            return; // removed meanwhile
        }
        if (kind.equals("message")) {
            ChannelFeed feed = subscription.feed;
            receiver.received(feed, MessageCodec.live(feed.channel(), text(push.get(2), 0)));
        } else if (kind.equals("subscribe")) {
            subscription.confirmed = true;
            repliedUntil = subscription.sentAt;
            receiver.subscribed(subscription.feed);
        } else if (kind.equals("unsubscribe") && subscription.confirmed) {
            subscription.confirmed = false;
            receiver.unsubscribed();
        }
    }

    private void noteArrival() {
        long now = System.nanoTime() | 1;
        receivedAt = now;
        provenAt = now;
    }

    private static String text(Object bytes, int from) {
        byte[] all = (byte[]) bytes;
        return new String(all, from, all.length - from, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        closed.countDown();
        changes.add(WAKE_UP);
        reconnect();
    }
}

package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisMovedDataException;

/**
 * Channels in Redis, shared by any number of servers. Needs Jedis, and Redis 6.2 or newer; a cluster must be Redis 7.
 *
 * <p>A script appends, numbers and publishes a message in one step; one pub/sub connection to each Redis server brings
 * the messages of all its channels; the history fills what pub/sub loses. A Redis that can't be reached stops nothing but
 * publishing: the broker connects again by itself, or finds who has taken its place, and reads what was missed before it
 * goes on.
 *
 * <p>Threads: the subscribers', which deliver; a keeper, which does what is due every so often; one that compares
 * positions; one that brings subscriptions to where their channels are; and one for each healing, a few at a time.
 */
public final class RedisBroker implements Broker {
    /** What {@code redis-prefix} is by default. */
    public static final String DEFAULT_PREFIX = "chat:";

    private static final Logger LOG = System.getLogger(RedisBroker.class.getName());
    private static final long ROUND_MILLIS = 500;
    private static final Duration CHECK = Duration.ofSeconds(25); // of all channels, one part after the other
    private static final Duration ON_THE_WAY = Duration.ofSeconds(1);
    private static final Duration OPENING = Duration.ofMillis(1_800);
    private static final int OPENINGS = 512; // at the same time
    private static final int READINGS = 64; // at the same time; each may hold a page
    private static final long PLACING_MILLIS = 20; // where servers contradict each other, feeds do not chase around
    private static final int HEALERS = 64; // few round trips for many channels; each may hold a page
    private static final int RENEWALS = 4; // in the life of a position that nobody uses

    private final String node = UUID.randomUUID().toString().substring(24); // 12 digits, which each note has
    private final RedisKeys keys;
    private final RedisNodes nodes;
    private final RedisHistory history;
    private final RedisRevocations revocations;
    private final RedisMembers members;
    private final Retention retention;

    private final RedisReceipts receipts = new RedisReceipts();
    private final ConcurrentHashMap<String, Shared> feeds = new ConcurrentHashMap<>(); // by channel
    private final ConcurrentLinkedQueue<RedisFeed> ailing = new ConcurrentLinkedQueue<>(); // each once, by its claim
    private final Semaphore healers = new Semaphore(HEALERS);
    private final RedisTurnstile openings = new RedisTurnstile(OPENINGS);
    private final RedisTurnstile readings = new RedisTurnstile(READINGS);
    private final Semaphore misplaced = new Semaphore(0); // has a permit where feeds may be subscribed elsewhere
    private final CountDownLatch closed = new CountDownLatch(1);
    private final RedisTelling telling;

    /** A feed, its slot, and the number of its subscriptions, which the map guards. */
    private static final class Shared {
        final RedisFeed feed;
        final int slot;
        volatile boolean placed; // whether it ought to be subscribed somewhere by now
        int users;

        Shared(RedisFeed feed, int slot) {
            this.feed = feed;
            this.slot = slot;
        }
    }

    /**
     * Begins to connect to a single server, and goes on trying until {@link #close}.
     *
     * @param redis {@code redis://[user:password@]host[:port][/database]}, or {@code rediss://} for TLS
     * @param prefix what all keys begin with
     * @throws IllegalStateException if Jedis is missing, or older than needed
     */
    public RedisBroker(URI redis, String prefix, Retention retention) {
        this(RedisServers.at(redis), prefix, retention);
    }

    /**
     * Begins to connect, and goes on trying until {@link #close}. A Redis that is out of reach is logged, in one line.
     *
     * @param prefix what all keys begin with; on a cluster it can't have braces
     * @throws IllegalArgumentException if {@code servers} can't be used as they are, such as a file that is not there
     * @throws IllegalStateException if Jedis is missing, or older than needed
     */
    public RedisBroker(RedisServers servers, String prefix, Retention retention) {
        this(servers, prefix, retention, RedisPace.DEFAULT);
    }

    /** The same with another pace of heartbeats and renewals. */
    RedisBroker(RedisServers servers, String prefix, Retention retention, RedisPace pace) {
        RedisLibrary.check();
        Objects.requireNonNull(servers, "servers");
        Objects.requireNonNull(prefix, "prefix");
        Objects.requireNonNull(retention, "retention");
        keys = new RedisKeys(prefix);
        nodes = new RedisNodes(
                servers, new RedisAccess(servers, "seleucia-" + node), keys, node, new Incoming(), this::moved);
        RedisCalls calls = new RedisCalls(nodes);
        history = new RedisHistory(calls, keys, retention);
        revocations = new RedisRevocations(calls, keys);
        this.retention = retention;
        telling = new RedisTelling(nodes, this::tell, closed);
        members = new RedisMembers(node, new RedisNotes(calls, keys), pace, System::nanoTime);
        nodes.start();
        members.start();
        Thread.ofVirtual().name("redis-keeper").start(this::keep);
        Thread.ofVirtual().name("redis-check").start(this::check);
        Thread.ofVirtual().name("redis-placing").start(this::place);
    }

    /**
     * A broker on a Redis that answers now, each server that has channels. Blocks for a few seconds at the most.
     *
     * @throws UnavailableException if it does not; nothing is logged then, and nothing tries again
     * @throws IllegalArgumentException if {@code servers} can't be used as they are
     * @throws IllegalStateException if Jedis is missing, or older than needed
     */
    public static RedisBroker connect(RedisServers servers, String prefix, Retention retention)
            throws UnavailableException {
        RedisLibrary.check();
        RedisDirectory.askOnce(Objects.requireNonNull(servers, "servers"));
        return new RedisBroker(servers, prefix, retention);
    }

    /** Waits until Redis can be reached, each server that has channels; false if that takes longer than {@code limit}. */
    public boolean awaitReachable(Duration limit) throws InterruptedException {
        return nodes.awaitUp(limit);
    }

    @Override
    public Health health() {
        return nodes.health();
    }

    private boolean isOpen() {
        return closed.getCount() > 0;
    }

    /** Channels may be elsewhere: servers that take over hear of theirs, and so do the subscriptions. Does not block. */
    private void moved() {
        misplaced.release();
        nodes.all().stream().filter(one -> one.pipeline().isTakingOver()).forEach(telling::request);
    }

    private void requireOpen() {
        if (!isOpen()) {
            throw new ClosedBrokerException();
        }
    }

    @Override
    public Receipt publish(String channel, String sender, Content content, String key) throws UnavailableException {
        requireOpen();
        Receipt receipt = history.publish(channel, sender, content, key, newest(channel));
        noteShown(channel, receipt.position());
        return receipt;
    }

    @Override
    public void signal(String channel, Signal signal) throws UnavailableException {
        requireOpen();
        history.signal(channel, signal);
    }

    @Override
    public Subscription subscribe(String channel, Listener listener) throws UnavailableException {
        requireOpen();
        boolean[] first = new boolean[1];
        Shared shared = feeds.compute(channel, (name, present) -> {
            first[0] = present == null;
            Shared used = present == null ? shared(name) : present;
            used.users++;
            return used;
        });
        boolean subscribed = false;
        try {
            requireOpen(); // asked once the feed is where closing finds it, and ends it
            if (first[0]) {
                open(shared);
            } else if (!shared.feed.awaitOpened(RedisTurnstile.PATIENCE.plus(OPENING))) {
                throw new UnavailableException("another's subscription of the channel is not confirmed", null);
            }
            Subscription subscription = subscription(shared, listener);
            subscribed = true;
            return subscription;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while subscribing", e);
        } finally {
            if (!subscribed) {
                release(shared);
            }
        }
    }

    private void open(Shared shared) throws UnavailableException, InterruptedException {
        try {
            openings.enter();
        } catch (UnavailableException e) {
            misplaced.release(); // others may wait for it as well
            throw e;
        }
        try {
            place(shared);
            if (!shared.feed.awaitOpened(OPENING)) {
                throw new UnavailableException("Redis does not confirm the subscription", null);
            }
        } finally {
            openings.leave();
        }
    }

    private Shared shared(String channel) {
        Shared shared = new Shared(new RedisFeed(channel, history), nodes.slot(keys.live(channel)));
        shared.feed.acknowledge(receipts.newest(channel));
        return shared;
    }

    private void place(Shared shared) throws UnavailableException {
        RedisNode owner = nodes.of(shared.slot)
                .orElseThrow(() -> new UnavailableException("no Redis is known to have the channel", null));
        shared.placed = true;
        owner.subscriber().add(shared.feed);
        if (nodes.of(shared.slot).orElse(null) != owner) {
            misplaced.release();
        }
    }

    private Subscription subscription(Shared shared, Listener listener) {
        Position start = shared.feed.add(listener);
        return new ClosingOnce(start, () -> {
            shared.feed.remove(listener);
            if (isOpen()) {
                release(shared);
            }
        });
    }

    private void release(Shared shared) {
        boolean[] last = new boolean[1];
        feeds.computeIfPresent(shared.feed.channel(), (name, present) -> {
            last[0] = --present.users == 0;
            if (last[0]) {
                receipts.note(name, present.feed.newest());
            }
            return last[0] ? null : present;
        });
        if (last[0]) {
            receipts.note(shared.feed.channel(), shared.feed.newest()); // which may have gone on until it was removed
            nodes.all().forEach(node -> node.subscriber().remove(shared.feed));
        }
    }

    @Override
    public Page historyAfter(String channel, long offset, int limit) throws UnavailableException {
        requireOpen();
        readings.enter();
        try {
            return history.after(channel, shown(channel), offset, limit);
        } finally {
            readings.leave();
        }
    }

    @Override
    public Page historyBefore(String channel, long offset, int limit) throws UnavailableException {
        requireOpen();
        readings.enter();
        try {
            return history.before(channel, shown(channel), offset, limit);
        } finally {
            readings.leave();
        }
    }

    @Override
    public void delete(String channel) throws UnavailableException {
        requireOpen();
        history.delete(channel);
    }

    @Override
    public void deleteFrom(String sender) throws UnavailableException {
        requireOpen();
        history.deleteFrom(sender);
    }

    @Override
    public void revoke(String user, long time) throws UnavailableException {
        requireOpen();
        revocations.add(user, time);
    }

    @Override
    public Map<String, Long> revocations() throws UnavailableException {
        requireOpen();
        return revocations.all();
    }

    @Override
    public void join(String channel, String client) {
        requireOpen();
        members.join(channel, client);
    }

    @Override
    public void leave(String channel, String client) {
        if (isOpen()) { // else the note has ended with it
            members.leave(channel, client);
        }
    }

    @Override
    public Map<String, Integer> members(String channel) throws UnavailableException {
        requireOpen();
        return members.of(channel);
    }

    private Position newest(String channel) {
        Shared shared = feeds.get(channel);
        return shared == null ? receipts.newest(channel) : shared.feed.newest();
    }

    private RedisHistory.Shown shown(String channel) {
        Shared shared = feeds.get(channel);
        return shared == null ? RedisHistory.Shown.NOTHING.at(receipts.newest(channel)) : shared.feed.shown();
    }

    private void noteShown(String channel, Position position) {
        Shared shared = feeds.get(channel);
        if (shared == null) {
            receipts.note(channel, position);
            return;
        }
        shared.feed.acknowledge(position);
        if (feeds.get(channel) != shared) { // released meanwhile, perhaps without this position
            receipts.note(channel, position);
        }
    }

    /** Tells a Redis, which may have been put back, all that was shown of its channels, before others publish there. */
    private void tell(RedisNode node) throws UnavailableException {
        Map<String, RedisHistory.Shown> all = new HashMap<>();
        receipts.all().forEach((channel, position) -> all.put(channel, RedisHistory.Shown.NOTHING.at(position)));
        feeds.forEach((channel, shared) -> all.put(channel, shared.feed.shown()));
        all.keySet().removeIf(channel -> nodes.of(nodes.slot(keys.log(channel))).orElse(null) != node);
        all.values().removeIf(shown -> shown.newest().equals(Position.NONE));
        history.tell(node, all);
    }

    @Override
    public void close() {
        closed.countDown();
        misplaced.release();
        feeds.values().forEach(shared -> shared.feed.end()); // before our own members leave, which Redis tells of
        members.close();
        nodes.close();
    }

    /** Heals what could not be healed at once, until the broker is closed. */
    private void keep() {
        Loop.run(LOG, "healing channels", this::isOpen, () -> {
            if (!closed.await(ROUND_MILLIS, TimeUnit.MILLISECONDS)) {
                feeds.values().stream()
                        .filter(shared -> shared.placed && shared.feed.isAiling() && nodes.isUp(shared.slot))
                        .forEach(shared -> heal(shared.feed));
                healThoseThatWait(); // if no thread could be had when they came
            }
        });
    }

    /** Brings subscriptions to the servers that have the channels now, when they may be elsewhere. */
    private void place() {
        Loop.run(LOG, "bringing subscriptions to where channels are", this::isOpen, () -> {
            if (closed.await(PLACING_MILLIS, TimeUnit.MILLISECONDS)) {
                return;
            }
            misplaced.acquire();
            misplaced.drainPermits();
            boolean placed = true;
            for (Shared shared : feeds.values()) {
                placed &= Loop.attempt(LOG, "bringing a subscription to where its channel is", () -> follow(shared));
            }
            for (RedisNode one : nodes.all()) {
                placed &= Loop.attempt(LOG, "ending subscriptions where their channels are not", () -> sort(one));
            }
            if (!placed) {
                misplaced.release(); // to be tried again
                TimeUnit.MILLISECONDS.sleep(ROUND_MILLIS);
            }
        });
    }

    /** Subscribes where the channel is. */
    private void follow(Shared shared) {
        RedisNode owner = nodes.of(shared.slot).orElse(null);
        if (owner == null || owner.subscriber().has(shared.feed)) {
            return;
        }
        try {
            shared.placed = true;
            owner.subscriber().add(shared.feed);
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "to be subscribed with the next connection: " + e.getMessage());
        }
        if (feeds.get(shared.feed.channel()) != shared) {
            owner.subscriber().remove(shared.feed); // given up meanwhile, by somebody who could not find it here
        }
    }

    /** Ends subscriptions at a server that does not have their channels. */
    private void sort(RedisNode node) {
        for (RedisFeed feed : node.subscriber().feeds()) {
            Shared shared = feeds.get(feed.channel());
            if (shared == null || shared.feed != feed || nodes.of(shared.slot).orElse(node) != node) {
                node.subscriber().remove(feed);
            }
        }
    }

    /** Compares every channel with Redis: a lost message shows when the next one comes, a lost last one only so. */
    private void check() {
        long renewal = retention.positions().dividedBy(RENEWALS).toNanos();
        long[] renewedAt = {System.nanoTime()};
        Loop.run(LOG, "comparing channels with Redis", this::isOpen, () -> {
            boolean renewed = System.nanoTime() - renewedAt[0] > renewal;
            renewedAt[0] = renewed ? System.nanoTime() : renewedAt[0];
            RedisRound.go(feeds.keySet(), CHECK, closed, channels -> compare(channels, renewed));
        });
    }

    /** A channel that can't be asked for is read when Redis is back. */
    private void compare(List<String> channels, boolean renewed) {
        history.positions(channels, renewed).forEach((channel, position) -> {
            Shared shared = feeds.get(channel);
            if (shared != null && shared.feed.missed(position)) {
                Thread.ofVirtual().name("redis-check").start(() -> lookAgain(shared.feed, position));
            }
        });
    }

    /** Heals a feed that is behind, unless what it lacks was only on its way. */
    private void lookAgain(RedisFeed feed, Position position) {
        try {
            if (!closed.await(ON_THE_WAY.toMillis(), TimeUnit.MILLISECONDS) && feed.missed(position)) {
                feed.suspect();
                heal(feed);
            }
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "interrupted before a lost message was looked for");
        }
    }

    /** Has a feed healed, if it needs that and nobody does it. Does not wait. */
    private void heal(RedisFeed feed) {
        if (!feed.claimHealing()) {
            return;
        }
        boolean begun = false;
        try {
            if (feed.isOpen()) {
                ailing.add(feed);
            } else { // a subscriber waits for it, and it reads no messages
                Thread.ofVirtual().name("redis-healing").start(() -> healNow(feed));
            }
            begun = true;
        } finally {
            if (!begun) {
                feed.endHealing(); // the keeper tries it again
            }
        }
        healThoseThatWait();
    }

    private void healThoseThatWait() {
        if (ailing.isEmpty() || !healers.tryAcquire()) {
            return;
        }
        boolean begun = false;
        try {
            Thread.ofVirtual().name("redis-healing").start(this::healAll);
            begun = true;
        } finally {
            if (!begun) {
                healers.release();
            }
        }
    }

    private void healAll() {
        do {
            try {
                for (RedisFeed feed = ailing.poll(); feed != null; feed = ailing.poll()) {
                    healNow(feed);
                }
            } finally {
                healers.release();
            }
        } while (!ailing.isEmpty() && healers.tryAcquire()); // one that came when this was about to end
    }

    private static void healNow(RedisFeed feed) {
        try {
            feed.heal();
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "to be healed later: " + e.getMessage());
        } catch (Throwable e) {
            Loop.report(LOG, "healing channel " + feed.channel(), e);
        }
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
        public void reached(HostAndPort server) {
            at(server).forEach(telling::request);
        }

        @Override
        public void connected(HostAndPort server) {
            at(server).forEach(node -> {
                node.pipeline().reconnect(node.health().lostAt()); // what broke as well
                telling.request(node); // or nothing would be asked there, where no channel is followed
            });
            members.doubt();
        }

        @Override
        public void unsubscribed() {
            nodes.look();
            misplaced.release();
        }

        @Override
        public void refused(HostAndPort server, JedisDataException why) {
            if (why instanceof JedisMovedDataException moved) {
                nodes.moved(moved, server);
            } else if (!RedisCalls.isPassing(why)) {
                at(server).forEach(node -> node.health().refused(why));
            }
        }

        private Stream<RedisNode> at(HostAndPort server) {
            return nodes.all().stream().filter(node -> node.address().equals(server));
        }
    }
}

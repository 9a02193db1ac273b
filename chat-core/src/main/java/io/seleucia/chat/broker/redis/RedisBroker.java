package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.options.CurrentOptions;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import java.util.stream.Stream;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisMovedDataException;

/**
 * Channels in Redis, shared by any number of servers. Needs Jedis, and Redis 6.2 or newer; a cluster must be Redis 7.
 *
 * <p>A script numbers, appends and publishes a message in one step. One pub/sub connection to each Redis node brings
 * the messages of all its channels, and the history fills what pub/sub loses. While Redis is unreachable, only
 * publishing fails: the broker reconnects by itself, or finds the node that has taken over, and reads the missed
 * messages.
 *
 * <p>Threads: those of {@link Subscriber}, which deliver, {@link FeedResync}, {@link SubscriptionPlacement}, {@link
 * PositionAnnouncer}, {@link Presence} and {@link RedisDirectory}.
 */
public final class RedisBroker implements Broker {
    /** The default of the setting {@code redis-prefix}. */
    public static final String DEFAULT_PREFIX = "chat:";

    private static final Logger LOG = System.getLogger(RedisBroker.class.getName());

    private final RedisTopology topology;
    private final RedisHistory history;
    private final RedisReads reads;
    private final RedisFolds folds;
    private final RedisDeletions deletions;
    private final RedisModeration moderation;
    private final RedisHolds holds;
    private final RedisInfos infos;
    private final Presence presence;
    private final RedisDirectory directory;
    private final MemoryBudget memory;
    private final ChannelFeeds feeds;
    private final BatchPublisher publisher;
    private final SubscriptionPlacement placement;
    private final FeedResync resync;
    private final PositionAnnouncer announcer;
    private final CountDownLatch closed = new CountDownLatch(1);

    /**
     * Begins to connect to a single server, and retries until {@link #close}.
     *
     * @param redis {@code redis://[user:password@]host[:port][/database]}, or {@code rediss://} for TLS
     * @param prefix the beginning of all keys
     * @param retention how much history is kept, and for how long
     * @throws IllegalStateException if Jedis is missing, or older than needed
     */
    public RedisBroker(URI redis, String prefix, Retention retention) {
        this(RedisServers.at(redis), prefix, retention);
    }

    /**
     * Begins to connect, with a memory budget of half of the heap, and retries until {@link #close}.
     *
     * @param servers the servers
     * @param prefix the beginning of all keys
     * @param retention how much history is kept, and for how long
     */
    public RedisBroker(RedisServers servers, String prefix, Retention retention) {
        this(servers, prefix, retention, MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE));
    }

    /**
     * Begins to connect, and retries until {@link #close}. One log line says that Redis is unreachable.
     *
     * @param servers the servers
     * @param prefix the beginning of all keys; on a cluster it can't have braces
     * @param retention how much history is kept, and for how long
     * @param memory the budget for commands that wait for Redis, and for the chat servers that use the broker
     * @throws IllegalArgumentException if {@code servers} are not usable, for example because a file is missing
     * @throws IllegalStateException if Jedis is missing, or older than needed
     */
    public RedisBroker(RedisServers servers, String prefix, Retention retention, MemoryBudget memory) {
        this(servers, prefix, retention, memory, new CurrentOptions());
    }

    /**
     * Begins to connect, and retries until {@link #close}. Keeps as much of each channel as its options say; a message is kept
     * as the server says that has published the newest one of its channel.
     *
     * @param servers the servers
     * @param prefix the beginning of all keys; on a cluster it can't have braces
     * @param retention how much is kept of a channel whose options do not say it
     * @param memory the budget for commands that wait for Redis, and for the chat servers that use the broker
     * @param options the options of the channels, which may change
     * @throws IllegalArgumentException if {@code servers} are not usable, for example because a file is missing
     * @throws IllegalStateException if Jedis is missing, or older than needed
     */
    public RedisBroker(
            RedisServers servers, String prefix, Retention retention, MemoryBudget memory, CurrentOptions options) {
        this(servers, prefix, retention, memory, options, PresenceTiming.DEFAULT);
    }

    RedisBroker(
            RedisServers servers,
            String prefix,
            Retention retention,
            MemoryBudget memory,
            CurrentOptions options,
            PresenceTiming timing) {
        JedisLibrary.check(); // before a class of Jedis is loaded, so in no initializer of a field
        Objects.requireNonNull(servers, "servers");
        Objects.requireNonNull(prefix, "prefix");
        ChannelRetention retentions = new ChannelRetention(
                Objects.requireNonNull(retention, "retention"), Objects.requireNonNull(options, "options"));
        this.memory = Objects.requireNonNull(memory, "memory");
        String serverId = UUID.randomUUID().toString().substring(24); // 12 digits, which each presence entry repeats
        RedisKeys keys = new RedisKeys(prefix);
        RedisConnectionFactory connections = new RedisConnectionFactory(servers, "seleucia-" + serverId);
        topology = new RedisTopology(servers, connections, keys, serverId, new Receiver(), this::moved, memory);
        Commands commands = new Commands(topology);
        history = new RedisHistory(commands, keys, retentions);
        reads = new RedisReads(commands, keys, history, retentions);
        moderation = new RedisModeration(commands, keys);
        holds = new RedisHolds(commands, keys);
        presence = new Presence(serverId, new PresenceStore(commands, keys), timing, System::nanoTime, memory);
        infos = new RedisInfos(commands, keys, retentions);
        feeds = new ChannelFeeds(history::since, memory);
        directory =
                new RedisDirectory(commands, keys, retentions, presence::deadServers, feeds.channels(), memory, closed);
        folds = new RedisFolds(commands, keys, retentions, history);
        publisher = new BatchPublisher(history, feeds, memory);
        deletions = new RedisDeletions(commands, keys, retentions, publisher);
        placement = new SubscriptionPlacement(feeds, topology, keys, closed);
        resync = new FeedResync(feeds, history, placement::isPlaced, closed);
        announcer = new PositionAnnouncer(topology, feeds, history, closed);
        topology.start();
        presence.start();
        directory.start();
        resync.start();
        placement.start();
    }

    /**
     * Creates a broker if each Redis server that has channels answers now. Blocks for a few seconds at most.
     *
     * @param servers the servers
     * @param prefix the beginning of all keys
     * @param retention how much history is kept, and for how long
     * @return the broker
     * @throws UnavailableException if one does not answer; nothing is logged then, and nothing retries
     * @throws IllegalArgumentException if {@code servers} are not usable
     * @throws IllegalStateException if Jedis is missing, or older than needed
     */
    public static RedisBroker connect(RedisServers servers, String prefix, Retention retention)
            throws UnavailableException {
        return connect(servers, prefix, retention, MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE));
    }

    /**
     * Creates a broker with a memory budget if each Redis server that has channels answers now.
     *
     * @param servers the servers
     * @param prefix the beginning of all keys
     * @param retention how much history is kept, and for how long
     * @param memory the budget for commands that wait for Redis
     * @return the broker
     * @throws UnavailableException if one does not answer; nothing is logged then, and nothing retries
     */
    public static RedisBroker connect(RedisServers servers, String prefix, Retention retention, MemoryBudget memory)
            throws UnavailableException {
        return connect(servers, prefix, retention, memory, new CurrentOptions());
    }

    /**
     * Creates a broker with options of channels if each Redis server that has channels answers now.
     *
     * @param servers the servers
     * @param prefix the beginning of all keys
     * @param retention how much is kept of a channel whose options do not say it
     * @param memory the budget for commands that wait for Redis
     * @param options the options of the channels, which may change
     * @return the broker
     * @throws UnavailableException if one does not answer; nothing is logged then, and nothing retries
     */
    public static RedisBroker connect(
            RedisServers servers, String prefix, Retention retention, MemoryBudget memory, CurrentOptions options)
            throws UnavailableException {
        JedisLibrary.check();
        TopologyDiscovery.requireReachable(Objects.requireNonNull(servers, "servers"));
        return new RedisBroker(servers, prefix, retention, memory, options);
    }

    /**
     * Blocks until each Redis server with channels was reached. Returns false if the limit ends first.
     *
     * @param limit how long to wait
     * @return the broker
     * @throws InterruptedException if the thread is interrupted
     */
    public boolean awaitReachable(Duration limit) throws InterruptedException {
        return topology.awaitUp(limit);
    }

    @Override
    public Optional<MemoryBudget> memory() {
        return Optional.of(memory);
    }

    @Override
    public Health health() {
        return topology.health();
    }

    private boolean isOpen() {
        return closed.getCount() > 0;
    }

    private void requireOpen() {
        if (!isOpen()) {
            throw new ClosedBrokerException();
        }
    }

    /** Handles a change of the topology. Nodes that take over need the positions of their channels. */
    private void moved() {
        placement.request();
        topology.all().stream().filter(node -> node.pipeline().isTakingOver()).forEach(announcer::request);
    }

    @Override
    public Receipt publish(String channel, Sender sender, Draft draft) throws UnavailableException, ReferenceException {
        requireOpen();
        Receipt receipt = publisher.publish(channel, sender, draft);
        directory.note(channel); // only now: a listing removes the names of channels that have nothing
        return receipt;
    }

    @Override
    public PendingReceipt submit(String channel, Sender sender, Draft draft) throws UnavailableException {
        requireOpen();
        PendingReceipt receipt = publisher.submit(channel, sender, draft);
        return directory.knows(channel) ? receipt : noting(channel, receipt);
    }

    /** Returns a receipt that also notes the channel for the directory, when there is a message. */
    private PendingReceipt noting(String channel, PendingReceipt receipt) {
        return new PendingReceipt() {
            @Override
            public boolean isDone() {
                return receipt.isDone();
            }

            @Override
            public Receipt await() throws UnavailableException, ReferenceException {
                Receipt known = receipt.await();
                directory.note(channel);
                return known;
            }
        };
    }

    @Override
    public void signal(String channel, Signal signal) throws UnavailableException {
        requireOpen();
        history.signal(channel, signal);
    }

    @Override
    public Subscription subscribe(String channel, Listener listener) throws UnavailableException {
        requireOpen();
        ChannelFeed feed = feeds.acquire(channel);
        boolean subscribed = false;
        try {
            requireOpen(); // again, now that close() finds the feed and ends it
            placement.open(feed);
            Position start = feed.add(listener);
            subscribed = true;
            return Broker.Subscription.of(start, () -> {
                feed.remove(listener);
                if (isOpen()) {
                    release(feed);
                }
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while subscribing", e);
        } finally {
            if (!subscribed) {
                release(feed);
            }
        }
    }

    private void release(ChannelFeed feed) {
        if (feeds.release(feed)) {
            placement.unsubscribe(feed);
        }
    }

    @Override
    public Page historyAfter(String channel, long offset, int limit) throws UnavailableException {
        requireOpen();
        return history.after(channel, feeds::shown, offset, limit);
    }

    @Override
    public Page historyBefore(String channel, long offset, int limit) throws UnavailableException {
        requireOpen();
        return history.before(channel, feeds::shown, offset, limit);
    }

    @Override
    public FoldedPage folded(String channel, boolean forward, long offset, int limit) throws UnavailableException {
        requireOpen();
        return folds.page(channel, feeds::newest, forward, offset, limit);
    }

    @Override
    public ReadMark markRead(String channel, Reader reader, long offset) throws UnavailableException {
        requireOpen();
        return reads.move(channel, feeds.newest(channel), reader, offset);
    }

    @Override
    public ReadMark readMark(String channel, Sender client, long end) throws UnavailableException {
        requireOpen();
        return reads.of(channel, feeds.newest(channel), client, end);
    }

    @Override
    public void delete(String channel) throws UnavailableException {
        requireOpen();
        deletions.delete(channel);
        directory.forget(channel);
    }

    @Override
    public void deleteFrom(String sender) throws UnavailableException {
        requireOpen();
        deletions.deleteFrom(sender);
        directory.forgetAll();
    }

    @Override
    public void revoke(String user, long time) throws UnavailableException {
        requireOpen();
        moderation.revoke(user, time);
    }

    @Override
    public Map<String, Long> revocations() throws UnavailableException {
        requireOpen();
        return moderation.revocations();
    }

    @Override
    public void ban(Ban ban) throws UnavailableException {
        ban.requireInForce();
        requireOpen();
        moderation.ban(ban);
    }

    @Override
    public void unban(Ban.Kind kind, String subject) throws UnavailableException {
        String key = Ban.key(kind, subject);
        requireOpen();
        moderation.unban(key);
    }

    @Override
    public List<Ban> bans() throws UnavailableException {
        requireOpen();
        return moderation.bans();
    }

    @Override
    public Hold hold(String name, String owner, Duration lifetime) throws UnavailableException {
        requireOpen();
        return holds.add(name, owner, lifetime);
    }

    @Override
    public void release(String name, String owner) {
        if (!isOpen()) {
            return;
        }
        try {
            holds.remove(name, owner);
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "a name stays held until its hold expires: " + e.getMessage());
        }
    }

    @Override
    public void join(String channel, Sender client) {
        requireOpen();
        presence.join(channel, client.key());
        directory.note(channel);
    }

    @Override
    public void leave(String channel, Sender client) {
        if (isOpen()) { // else close() has removed all presence entries
            presence.leave(channel, client.key());
            directory.forget(channel);
        }
    }

    @Override
    public Members members(String channel, String after, int limit) throws UnavailableException {
        requireOpen();
        return presence.page(channel, after, limit);
    }

    @Override
    public Optional<ChannelInfo> info(String channel) throws UnavailableException {
        requireOpen();
        return infos.read(channel);
    }

    @Override
    public ChannelInfo describe(String channel, Sender by, Optional<Content.Json> json) throws UnavailableException {
        ChannelInfo.require(json);
        requireOpen();
        return infos.describe(channel, by, json);
    }

    @Override
    public Listing list(String prefix, String after, int limit, Predicate<String> wanted) throws UnavailableException {
        requireOpen();
        return directory.list(prefix, after, limit, wanted);
    }

    @Override
    public void close() {
        closed.countDown();
        placement.request();
        feeds.end(); // first, so that listeners do not hear that this server's own members leave
        presence.close();
        topology.close();
        feeds.close();
    }

    private final class Receiver implements Subscriber.Receiver {
        @Override
        public void received(ChannelFeed feed, MessageCodec.Live live) {
            if (feed.receive(live)) {
                resync.request(feed);
            }
        }

        @Override
        public void subscribed(ChannelFeed feed) {
            feed.invalidate();
            resync.request(feed);
        }

        @Override
        public void unsubscribed() {
            topology.refresh();
            placement.request();
        }

        @Override
        public void commandsConnected(HostAndPort address) {
            nodes(address).forEach(announcer::request);
        }

        @Override
        public void connected(HostAndPort address) {
            nodes(address).forEach(node -> {
                node.pipeline().reconnect(node.health().lostAt()); // its connections broke as well
                announcer.request(node); // in case no channel is followed there, and so no command sent
            });
            presence.invalidate();
        }

        @Override
        public void refused(HostAndPort address, JedisDataException why) {
            if (why instanceof JedisMovedDataException moved) {
                topology.moved(moved, address);
            } else if (!Commands.isTransient(why)) {
                nodes(address).forEach(node -> node.health().refused(why));
            }
        }

        private Stream<RedisNode> nodes(HostAndPort address) {
            return topology.all().stream().filter(node -> node.address().equals(address));
        }
    }
}

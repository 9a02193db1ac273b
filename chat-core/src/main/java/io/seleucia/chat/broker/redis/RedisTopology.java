package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisMovedDataException;
import redis.clients.jedis.exceptions.JedisRedirectionException;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * The Redis nodes in use, and the slots that each owns. Behind sentinels and in a cluster both change: the {@code
 * redis-topology} thread asks for them at intervals, and soon after {@link #refresh} or {@link #moved}. Nodes that have
 * lost all their slots are closed after a while.
 *
 * <p>While a slot of a cluster moves, its owner redirects commands to a node that may own no slot yet. Such an importing
 * node is kept while it is used, and some minutes more. It counts neither for health nor for probes.
 */
final class RedisTopology implements AutoCloseable {
    private static final Logger LOG = System.getLogger(RedisTopology.class.getName());
    private static final Duration INTERVAL = Duration.ofMillis(600); // well below RedisPipeline.SETTLING
    private static final long PAUSE_MILLIS = 200;
    private static final Duration RETIREMENT = Duration.ofSeconds(3); // above every request's deadline
    private static final Duration IMPORTING = Duration.ofMinutes(5); // that an unused importing node is kept

    private final RedisServers servers;
    private final RedisConnectionFactory connections;
    private final RedisKeys keys;
    private final String serverId;
    private final Subscriber.Receiver receiver;
    private final Runnable listener;
    private final MemoryBudget memory;
    private final TopologyDiscovery discovery;
    private final RedisHealth discoveryHealth;
    private final Semaphore refreshes = new Semaphore(0);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final LongAdder formerReconnects = new LongAdder(); // of nodes that were retired

    private final ReentrantLock changing = new ReentrantLock(); // guards the next three, and writes of owners
    private final Map<HostAndPort, RedisNode> nodes = new HashMap<>();
    private final Map<RedisNode, Long> importing = new HashMap<>(); // nodes without slots, and when each was last used
    private final List<Retired> retired = new ArrayList<>();
    private volatile RedisNode[] owners; // by slot; null if unknown. An array is replaced, never changed

    private record Retired(RedisNode node, long at) {}

    /**
     * @param listener called by any thread after channels may have moved; must not block
     * @throws IllegalArgumentException if a cluster can't have keys with that prefix
     */
    RedisTopology(
            RedisServers servers,
            RedisConnectionFactory connections,
            RedisKeys keys,
            String serverId,
            Subscriber.Receiver receiver,
            Runnable listener,
            MemoryBudget memory) {
        if (servers.isCluster() && (keys.prefix().contains("{") || keys.prefix().contains("}"))) {
            throw new IllegalArgumentException("on a cluster the prefix of keys can't have braces");
        }
        this.servers = servers;
        this.connections = connections;
        this.keys = keys;
        this.serverId = serverId;
        this.receiver = receiver;
        this.listener = listener;
        this.memory = memory;
        discovery = new TopologyDiscovery(servers, connections);
        discoveryHealth = new RedisHealth(servers.toString());
        owners = new RedisNode[servers.isCluster() ? TopologyDiscovery.SLOTS : 1];
    }

    void start() {
        if (isFixed()) {
            discovery.discover(List.of(), true).ifPresent(this::apply);
        } else {
            Thread.ofVirtual().name("redis-topology").start(this::run);
        }
    }

    /** Returns whether one node has all channels, for ever. */
    boolean isFixed() {
        return servers.topology() instanceof RedisServers.Topology.Single;
    }

    boolean isCluster() {
        return servers.isCluster();
    }

    boolean isClosed() {
        return closed.getCount() == 0;
    }

    /** Returns the command by which scripts publish. */
    Protocol.Command publishing() {
        return servers.isCluster() ? Protocol.Command.SPUBLISH : Protocol.Command.PUBLISH;
    }

    /** Returns the slot of a key or pub/sub channel. */
    int slot(String key) {
        return servers.isCluster() ? JedisClusterCRC16.getSlot(key) : 0;
    }

    Optional<RedisNode> owner(int slot) {
        return Optional.ofNullable(owners[slot]);
    }

    /** Returns the owner of the slot of a key or pub/sub channel. */
    Optional<RedisNode> owner(String key) {
        return owner(slot(key));
    }

    /** Returns whether the owner of a key can be reached. */
    boolean isUp(String key) {
        return owner(key).filter(node -> node.health().isUp()).isPresent();
    }

    /** Returns the first flaw of any node that owns slots, and the oldest proof of delivery. Does not block. */
    Broker.Health health() {
        List<RedisNode> used = owning();
        if (used.isEmpty()) {
            return new Broker.Health(discoveryHealth.flaw(), Optional.empty(), 0);
        }
        Optional<String> flaw =
                used.stream().flatMap(node -> node.flaw().stream()).findFirst();
        List<Duration> proofs = used.stream()
                .flatMap(node -> node.subscriber().proven().stream())
                .toList();
        Optional<Duration> oldest =
                proofs.size() < used.size() ? Optional.empty() : Optional.of(Collections.max(proofs));
        long reconnects = formerReconnects.sum()
                + used.stream().mapToLong(node -> node.health().reconnects()).sum();
        return new Broker.Health(flaw, oldest, reconnects);
    }

    /** Returns an object that is another one after each change of the owners. */
    Object version() {
        return owners;
    }

    /** Returns a node to which a command was redirected because it imports the slot. */
    RedisNode importing(HostAndPort address, int slot) {
        changing.lock();
        try {
            RedisNode known = nodes.get(address);
            RedisNode node = known == null ? add(address, one -> one == slot, false, true) : known;
            if (known == null || importing.containsKey(node)) {
                importing.put(node, System.nanoTime());
            }
            return node;
        } finally {
            changing.unlock();
        }
    }

    /** Returns all nodes in use, importing ones too. */
    List<RedisNode> all() {
        return nodes(node -> true);
    }

    private List<RedisNode> owning() {
        return nodes(node -> !importing.containsKey(node));
    }

    private List<RedisNode> nodes(Predicate<RedisNode> wanted) {
        changing.lock();
        try {
            return nodes.values().stream().filter(wanted).toList();
        } finally {
            changing.unlock();
        }
    }

    /** Applies the reply of a node that another owns a slot. */
    void moved(JedisMovedDataException reply, HostAndPort from) {
        int slot = reply.getSlot();
        HostAndPort to = target(reply, from);
        RedisNode node;
        boolean first;
        changing.lock();
        try {
            node = nodes.get(to);
            if (node == null) {
                node = add(to, one -> one == slot, true, true);
            }
            first = importing.remove(node) != null;
            if (owners[slot] != node) { // many threads may get such a reply at once
                RedisNode[] now = owners.clone();
                now[slot] = node;
                owners = now;
            }
        } finally {
            changing.unlock();
        }
        if (first) { // without a slot it has refused the probes' channel
            node.subscriber().probe(probe(one -> one == slot));
        }
        listener.run();
        refresh();
    }

    /** Returns the target of a redirection. A node that does not know its own host name sends an empty one. */
    static HostAndPort target(JedisRedirectionException reply, HostAndPort from) {
        HostAndPort target = reply.getTargetNode();
        return target.getHost().isEmpty() ? new HostAndPort(from.getHost(), target.getPort()) : target;
    }

    /** Has the owners asked for soon. Does not block. */
    void refresh() {
        refreshes.release();
    }

    /** Blocks until each node that owns slots was reached. Returns false if that takes longer than the limit. */
    boolean awaitUp(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        if (!discoveryHealth.awaitUp(limit)) {
            return false;
        }
        for (RedisNode node : owning()) {
            if (!node.health().awaitUp(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())))) {
                return false;
            }
        }
        return true;
    }

    private void run() {
        try {
            refresh();
            Loop.run(LOG, "the discovery of Redis nodes", () -> !isClosed(), this::discover);
        } finally {
            discovery.close();
        }
    }

    /** Waits for a refresh or the end of the interval, and asks for the owners. */
    private void discover() throws InterruptedException {
        boolean doubtful = refreshes.tryAcquire(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)
                || !owning().stream().allMatch(node -> node.health().isUp());
        refreshes.drainPermits();
        if (isClosed()) {
            return;
        }
        List<HostAndPort> known = owning().stream().map(RedisNode::address).toList();
        discovery.discover(known, doubtful).ifPresentOrElse(this::apply, this::discoveryFailed);
        closeRetired(RETIREMENT);
        closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void discoveryFailed() {
        if (owning().isEmpty()) {
            discoveryHealth.lost(discovery.failure()); // else the nodes in use report it themselves
            refresh();
        }
    }

    private void apply(List<TopologyDiscovery.Range> ranges) {
        HostAndPort[] addresses = new HostAndPort[owners.length];
        ranges.forEach(range -> Arrays.fill(addresses, range.first(), range.last() + 1, range.owner()));
        RedisNode[] now = new RedisNode[addresses.length];
        boolean successor = Arrays.stream(owners).anyMatch(Objects::nonNull);
        Set<RedisNode> first = new HashSet<>();
        boolean changed;
        changing.lock();
        try {
            if (isClosed()) {
                return;
            }
            for (TopologyDiscovery.Range range : ranges) {
                RedisNode owner = nodes.get(range.owner());
                if (owner == null) {
                    owner = add(range.owner(), slot -> range.owner().equals(addresses[slot]), true, successor);
                }
                Arrays.fill(now, range.first(), range.last() + 1, owner);
                if (importing.remove(owner) != null) {
                    first.add(owner);
                }
            }
            changed = !Arrays.equals(now, owners);
            if (changed) {
                owners = now;
            }
            retireAllBut(now);
        } finally {
            changing.unlock();
        }
        discoveryHealth.subscribed();
        if (changed) {
            updateProbes(now, first);
            listener.run();
        }
    }

    private RedisNode add(HostAndPort address, IntPredicate theirs, boolean owning, boolean successor) {
        String news = owning ? " has channels now" : " imports channels";
        LOG.log(successor ? Level.INFO : Level.DEBUG, () -> "Redis at " + address + news);
        RedisHealth health = new RedisHealth(address.toString());
        if (!owning) {
            health.withoutChannels();
        }
        RedisPipeline pipeline = new RedisPipeline(
                address,
                connections,
                servers.waitReplicas(),
                health,
                owning && successor, // a slot that its owner hands over loses nothing
                () -> receiver.commandsConnected(address),
                memory);
        Subscriber subscriber =
                new Subscriber(address, connections, keys, servers.isCluster(), probe(theirs), health, receiver);
        RedisNode node = new RedisNode(address, health, pipeline, subscriber, publishing());
        nodes.put(address, node);
        return node;
    }

    /** Returns a pub/sub channel for this server's probes, in one of a node's slots. */
    private String probe(IntPredicate theirs) {
        if (!servers.isCluster()) {
            return keys.probe(serverId);
        }
        int tag = 0;
        while (!theirs.test(slot(keys.probe(serverId, tag)))) {
            tag++;
        }
        return keys.probe(serverId, tag);
    }

    /** Moves each node's probes into one of its slots. A node with its first slots has refused them until now. */
    private void updateProbes(RedisNode[] now, Set<RedisNode> first) {
        Set<RedisNode> owning = new HashSet<>(Arrays.asList(now));
        owning.remove(null);
        for (RedisNode node : owning) {
            if (first.contains(node) || now[slot(node.subscriber().probe())] != node) {
                node.subscriber().probe(probe(slot -> now[slot] == node));
            }
        }
    }

    private void retireAllBut(RedisNode[] now) {
        Set<RedisNode> used = new HashSet<>(Arrays.asList(now));
        nodes.values().removeIf(node -> {
            Long importedAt = importing.get(node);
            if (used.contains(node) || importedAt != null && System.nanoTime() - importedAt < IMPORTING.toNanos()) {
                return false;
            }
            importing.remove(node);
            LOG.log(Level.INFO, () -> "Redis at " + node.address() + " has no channels any more");
            node.health().closed();
            node.subscriber().close(); // a former master may still deliver messages that no other node has
            formerReconnects.add(node.health().reconnects());
            retired.add(new Retired(node, System.nanoTime()));
            return true;
        });
    }

    private void closeRetired(Duration age) {
        List<Retired> due;
        changing.lock();
        try {
            due = retired.stream()
                    .filter(one -> System.nanoTime() - one.at >= age.toNanos())
                    .toList();
            retired.removeAll(due);
        } finally {
            changing.unlock();
        }
        due.forEach(one -> one.node.close());
    }

    @Override
    public void close() {
        closed.countDown();
        refresh();
        discoveryHealth.closed();
        all().forEach(RedisNode::close);
        closeRetired(Duration.ZERO);
    }
}

package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
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
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntPredicate;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisMovedDataException;
import redis.clients.jedis.exceptions.JedisRedirectionException;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * The Redis servers in use, and which of them has a channel. Behind sentinels and in a cluster that changes: whoever
 * finds that it has calls {@link #look} or {@link #moved}, and a thread of its own asks, not too often, and now and then
 * by itself. Servers that have no channels any more are closed after a while.
 *
 * <p>While a slot of a cluster moves, its owner sends questions on to a server that may have no slot yet. That server is
 * kept for as long as it is asked, and for some minutes: until it has the slot it counts neither for health nor for
 * probes.
 */
final class RedisNodes implements AutoCloseable {
    private static final Logger LOG = System.getLogger(RedisNodes.class.getName());
    private static final Duration LOOK = Duration.ofMillis(600); // well below RedisPipeline.SETTLING
    private static final long PAUSE_MILLIS = 200;
    private static final Duration FAREWELL = Duration.ofSeconds(3); // longer than any answer is waited for
    private static final Duration ASKED = Duration.ofMinutes(5); // how long one is kept that was asked once

    /** Told that channels may be elsewhere, after the change. Called by any thread; must not block. */
    interface Listener {
        void changed();
    }

    private final RedisServers servers;
    private final RedisAccess access;
    private final RedisKeys keys;
    private final String process;
    private final RedisSubscriber.Receiver receiver;
    private final Listener listener;
    private final RedisDirectory directory;
    private final RedisHealth finding;
    private final Semaphore doubts = new Semaphore(0);
    private final CountDownLatch closed = new CountDownLatch(1);

    private final ReentrantLock changing = new ReentrantLock(); // guards nodes, asked, retired and who writes owners
    private final Map<HostAndPort, RedisNode> nodes = new HashMap<>();
    private final Map<RedisNode, Long> asked = new HashMap<>(); // those without slots, and when that last was
    private final List<Retired> retired = new ArrayList<>();
    private volatile long formerReconnects; // of those who are gone; written under the lock
    private volatile RedisNode[] owners; // by slot, null where nobody is known; an array is not changed any more

    private record Retired(RedisNode node, long at) {}

    /**
     * @param process this process' name in Redis
     * @throws IllegalArgumentException if a cluster can't have keys with that prefix
     */
    RedisNodes(
            RedisServers servers,
            RedisAccess access,
            RedisKeys keys,
            String process,
            RedisSubscriber.Receiver receiver,
            Listener listener) {
        if (servers.isCluster() && (keys.prefix().contains("{") || keys.prefix().contains("}"))) {
            throw new IllegalArgumentException("on a cluster the prefix of keys can't have braces");
        }
        this.servers = servers;
        this.access = access;
        this.keys = keys;
        this.process = process;
        this.receiver = receiver;
        this.listener = listener;
        directory = new RedisDirectory(servers, access);
        finding = new RedisHealth(servers.toString());
        owners = new RedisNode[servers.isCluster() ? RedisDirectory.SLOTS : 1];
    }

    /** Begins. Until somebody has told who has the channels, nobody has. */
    void start() {
        if (servers.topology() instanceof RedisServers.Topology.Single) {
            directory.look(List.of(), true).ifPresent(this::apply);
        } else {
            Thread.ofVirtual().name("redis-nodes").start(this::run);
        }
    }

    /** Whether who has a channel never changes. */
    boolean isFixed() {
        return servers.topology() instanceof RedisServers.Topology.Single;
    }

    /** Whether keys may be on several servers. */
    boolean isCluster() {
        return servers.isCluster();
    }

    /** Whether nobody is to be asked any more. */
    boolean isClosed() {
        return closed.getCount() == 0;
    }

    /** What a script publishes with. */
    Protocol.Command publishing() {
        return servers.isCluster() ? Protocol.Command.SPUBLISH : Protocol.Command.PUBLISH;
    }

    /** The slot of a key or a pub/sub channel. */
    int slot(String key) {
        return servers.isCluster() ? JedisClusterCRC16.getSlot(key) : 0;
    }

    /** Who has a slot, as far as is known. */
    Optional<RedisNode> of(int slot) {
        return Optional.ofNullable(owners[slot]);
    }

    /** Whether who has a slot can be reached. */
    boolean isUp(int slot) {
        RedisNode owner = owners[slot];
        return owner != null && owner.health().isUp();
    }

    /** How all are that have channels: the first flaw that one has, and the oldest proof of all. Does not block. */
    Broker.Health health() {
        List<RedisNode> used = owning();
        if (used.isEmpty()) {
            return new Broker.Health(finding.flaw(), Optional.empty(), 0);
        }
        Optional<String> flaw =
                used.stream().flatMap(node -> node.flaw().stream()).findFirst();
        List<Duration> proofs = used.stream()
                .flatMap(node -> node.subscriber().proven().stream())
                .toList();
        Optional<Duration> oldest =
                proofs.size() < used.size() ? Optional.empty() : Optional.of(Collections.max(proofs));
        long reconnects = formerReconnects
                + used.stream().mapToLong(node -> node.health().reconnects()).sum();
        return new Broker.Health(flaw, oldest, reconnects);
    }

    /** Another object whenever some channel is elsewhere. */
    Object places() {
        return owners;
    }

    /** A server that is about to have a slot, and is asked for it already. */
    RedisNode at(HostAndPort address, int slot) {
        changing.lock();
        try {
            RedisNode node = nodes.get(address);
            boolean fresh = node == null;
            if (fresh) {
                node = add(address, one -> one == slot, false, true);
            }
            if (fresh || asked.containsKey(node)) {
                asked.put(node, System.nanoTime());
            }
            return node;
        } finally {
            changing.unlock();
        }
    }

    /** All that have channels, or are asked for some on their way. */
    List<RedisNode> all() {
        changing.lock();
        try {
            return List.copyOf(nodes.values());
        } finally {
            changing.unlock();
        }
    }

    /** All that have channels. */
    private List<RedisNode> owning() {
        changing.lock();
        try {
            return nodes.values().stream()
                    .filter(node -> !asked.containsKey(node))
                    .toList();
        } finally {
            changing.unlock();
        }
    }

    /** A server says that another has a slot. */
    void moved(JedisMovedDataException answer, HostAndPort from) {
        int slot = answer.getSlot();
        HostAndPort to = target(answer, from);
        RedisNode node;
        boolean first;
        changing.lock();
        try {
            node = node(to, one -> one == slot, true);
            first = asked.remove(node) != null;
            if (owners[slot] != node) { // many may hear of it at once
                RedisNode[] now = owners.clone();
                now[slot] = node;
                owners = now;
            }
        } finally {
            changing.unlock();
        }
        if (first) { // without a slot it has refused the probe
            node.subscriber().probe(probe(one -> one == slot));
        }
        listener.changed();
        look();
    }

    /** Where an answer sends us; a server that does not know its own name means the host that says so. */
    static HostAndPort target(JedisRedirectionException answer, HostAndPort from) {
        HostAndPort target = answer.getTargetNode();
        return target.getHost().isEmpty() ? new HostAndPort(from.getHost(), target.getPort()) : target;
    }

    /** Who has which slots may have changed. Does not wait until that is known. */
    void look() {
        doubts.release();
    }

    /** Waits until all servers with channels can be reached for the first time; false if that takes longer. */
    boolean awaitUp(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        if (!finding.awaitUp(limit)) {
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
            look();
            Loop.run(LOG, "looking which Redis has which channels", () -> !isClosed(), this::lookNow);
        } finally {
            directory.close();
        }
    }

    /** Asks who has which channels, as soon as that is in doubt, or after a while. */
    private void lookNow() throws InterruptedException {
        boolean doubtful = doubts.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS)
                || !owning().stream().allMatch(node -> node.health().isUp());
        doubts.drainPermits();
        if (isClosed()) {
            return;
        }
        Set<HostAndPort> known = new HashSet<>();
        owning().forEach(node -> known.add(node.address()));
        directory.look(known, doubtful).ifPresentOrElse(this::apply, this::unknown);
        bidFarewell(FAREWELL);
        closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void unknown() {
        if (owning().isEmpty()) {
            finding.lost(directory.failure()); // else the servers in use say it themselves
            look();
        }
    }

    private void apply(List<RedisDirectory.Range> ranges) {
        HostAndPort[] addresses = new HostAndPort[owners.length];
        ranges.forEach(range -> Arrays.fill(addresses, range.first(), range.last() + 1, range.owner()));
        RedisNode[] now = new RedisNode[addresses.length];
        boolean successor = !isFirst();
        Set<RedisNode> first = new HashSet<>();
        boolean changed;
        changing.lock();
        try {
            if (isClosed()) {
                return; // it was closed while they were asked
            }
            for (RedisDirectory.Range range : ranges) {
                RedisNode owner = node(range.owner(), slot -> range.owner().equals(addresses[slot]), successor);
                Arrays.fill(now, range.first(), range.last() + 1, owner);
                if (asked.remove(owner) != null) {
                    first.add(owner);
                }
            }
            changed = !Arrays.equals(now, owners);
            if (changed) {
                owners = now;
            }
            retire(now);
        } finally {
            changing.unlock();
        }
        finding.subscribed();
        if (changed) {
            keepProbing(now, first);
            listener.changed();
        }
    }

    /** Whether nobody has been known to have channels yet. */
    private boolean isFirst() {
        return Arrays.stream(owners).allMatch(Objects::isNull);
    }

    private RedisNode node(HostAndPort address, IntPredicate theirs, boolean successor) {
        RedisNode present = nodes.get(address);
        return present == null ? add(address, theirs, true, successor) : present;
    }

    private RedisNode add(HostAndPort address, IntPredicate theirs, boolean owning, boolean successor) {
        String news = owning ? " has channels now" : " is asked for channels on their way";
        LOG.log(successor ? Level.INFO : Level.DEBUG, () -> "Redis at " + address + news);
        RedisHealth health = new RedisHealth(address.toString());
        if (!owning) {
            health.withoutChannels();
        }
        RedisNode node = new RedisNode(
                address,
                health,
                new RedisPipeline(
                        address,
                        access,
                        servers.waitReplicas(),
                        health,
                        owning && successor, // a move by the owner's will loses nothing
                        () -> receiver.reached(address)),
                new RedisSubscriber(address, access, keys, servers.isCluster(), probe(theirs), health, receiver),
                publishing());
        nodes.put(address, node);
        return node;
    }

    /** A pub/sub channel of this process' own in one of a server's slots. */
    private String probe(IntPredicate theirs) {
        if (!servers.isCluster()) {
            return keys.probe(process);
        }
        int tag = 0;
        while (!theirs.test(slot(keys.probe(process, tag)))) {
            tag++;
        }
        return keys.probe(process, tag);
    }

    /** Has each probed in a slot of its own. Those that have their first ones have refused the probe until now. */
    private void keepProbing(RedisNode[] now, Set<RedisNode> first) {
        Set<RedisNode> owning = new HashSet<>(Arrays.asList(now));
        owning.remove(null);
        for (RedisNode node : owning) {
            if (first.contains(node) || now[slot(node.subscriber().probe())] != node) {
                node.subscriber().probe(probe(slot -> now[slot] == node));
            }
        }
    }

    private void retire(RedisNode[] now) {
        Set<RedisNode> used = new HashSet<>(Arrays.asList(now));
        nodes.values().removeIf(node -> {
            if (used.contains(node) || isAsked(node)) {
                return false;
            }
            asked.remove(node);
            LOG.log(Level.INFO, () -> "Redis at " + node.address() + " has no channels any more");
            node.health().closed();
            node.subscriber().close(); // what it still brings may be what only a master that is none any more has
            formerReconnects += node.health().reconnects();
            retired.add(new Retired(node, System.nanoTime()));
            return true;
        });
    }

    private boolean isAsked(RedisNode node) {
        Long at = asked.get(node);
        return at != null && System.nanoTime() - at < ASKED.toNanos();
    }

    /** Closes what has had no channels for so long. */
    private void bidFarewell(Duration age) {
        List<RedisNode> gone = new ArrayList<>();
        changing.lock();
        try {
            retired.removeIf(one -> {
                boolean due = System.nanoTime() - one.at >= age.toNanos();
                if (due) {
                    gone.add(one.node);
                }
                return due;
            });
        } finally {
            changing.unlock();
        }
        gone.forEach(RedisNode::close);
    }

    @Override
    public void close() {
        closed.countDown();
        look();
        finding.closed();
        all().forEach(RedisNode::close);
        bidFarewell(Duration.ZERO);
    }
}

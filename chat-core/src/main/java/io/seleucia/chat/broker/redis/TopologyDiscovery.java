package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import java.io.IOException;
import java.lang.System.Logger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import redis.clients.jedis.BuilderFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Finds the Redis node that owns each slot. Asks several nodes or sentinels at once, each over a connection of its own,
 * and uses the reply with the newest epoch: one that was cut off from the others may report an old state.
 *
 * <p>Called by one thread at a time, which blocks for about two seconds at most.
 */
final class TopologyDiscovery implements AutoCloseable {
    /** The number of slots of a cluster. Elsewhere slot 0 stands for all channels. */
    static final int SLOTS = 16_384;

    private static final Logger LOG = System.getLogger(TopologyDiscovery.class.getName());
    private static final Duration TIMEOUT = Duration.ofMillis(1_800);
    private static final Duration AFTER_THE_FIRST = Duration.ofMillis(200);
    private static final int MAX_ASKED = 5;
    private static final int MAX_OUTDATED = 50;

    /** The slots from the first to the last, and their owner. */
    record Range(int first, int last, HostAndPort owner) {}

    /** The reply of one node of a cluster or one sentinel. */
    private record Report(boolean clusterOk, long epoch, List<Range> ranges, Set<HostAndPort> replicas) {}

    private final RedisServers servers;
    private final RedisConnectionFactory connections;
    private Set<HostAndPort> replicas = Set.of(); // of the cluster, as last reported
    private long epoch; // of the newest report
    private int outdated; // the number of times in a row that all reports were older
    private final Map<HostAndPort, Connection> idle = new ConcurrentHashMap<>();
    private volatile Exception failure = new IOException("no server answers in time");

    TopologyDiscovery(RedisServers servers, RedisConnectionFactory connections) {
        this.servers = servers;
        this.connections = connections;
    }

    /** @throws UnavailableException if some node that owns slots does not answer now */
    static void requireReachable(RedisServers servers) throws UnavailableException {
        RedisConnectionFactory connections = new RedisConnectionFactory(servers, "seleucia");
        try (TopologyDiscovery discovery = new TopologyDiscovery(servers, connections)) {
            List<Range> ranges = discovery
                    .discover(List.of(), true)
                    .orElseThrow(() -> new JedisException(discovery.failure.getMessage(), discovery.failure));
            for (HostAndPort owner :
                    Set.copyOf(ranges.stream().map(Range::owner).toList())) {
                try (Connection connection = connections.toRedis(owner)) {
                    connection.ping();
                }
            }
        } catch (JedisException e) {
            throw new UnavailableException("Redis at " + servers + ": " + e.getMessage(), e);
        }
    }

    /**
     * Returns the owners of all slots, or empty if no reply is usable.
     *
     * @param owners the owners that were known before
     * @param doubtful whether they may be wrong, so that the reply of one node of a cluster is not enough
     */
    Optional<List<Range>> discover(Collection<HostAndPort> owners, boolean doubtful) {
        return switch (servers.topology()) {
            case RedisServers.Topology.Single single -> Optional.of(List.of(new Range(0, 0, address(single.server()))));
            case RedisServers.Topology.Sentinel sentinel -> master(sentinel, owners);
            case RedisServers.Topology.Cluster cluster -> cluster(cluster, owners, doubtful ? MAX_ASKED : 1);
        };
    }

    private static HostAndPort address(RedisServers.Address address) {
        return new HostAndPort(address.host(), address.port());
    }

    /** Returns the newest reported master, if that node itself agrees. */
    private Optional<List<Range>> master(RedisServers.Topology.Sentinel sentinel, Collection<HostAndPort> owners) {
        List<HostAndPort> sentinels =
                sentinel.sentinels().stream().map(TopologyDiscovery::address).toList();
        return newest(askAll(sentinels, connections::toSentinel, one -> sentinelReport(sentinel.master(), one)))
                .map(Report::ranges)
                .filter(ranges -> owners.contains(ranges.getFirst().owner())
                        || isMaster(ranges.getFirst().owner()));
    }

    /** Returns the newest report, unless it is older than the one before. Servers that stay older were set up anew. */
    private Optional<Report> newest(List<Report> reports) {
        Optional<Report> newest = reports.stream()
                .filter(report -> report.clusterOk && !report.ranges.isEmpty())
                .max(Comparator.comparingLong(Report::epoch));
        if (newest.isPresent() && newest.get().epoch < epoch && ++outdated < MAX_OUTDATED) {
            return Optional.empty();
        }
        newest.ifPresent(report -> {
            epoch = report.epoch;
            outdated = 0;
        });
        return newest;
    }

    private Report sentinelReport(String master, Connection sentinel) {
        Map<String, String> known = BuilderFactory.STRING_MAP.build(sentinel.executeCommand(
                new CommandArguments(Protocol.Command.SENTINEL).add("MASTER").add(master)));
        HostAndPort owner = new HostAndPort(known.get("ip"), Integer.parseInt(known.get("port")));
        return new Report(true, Long.parseLong(known.get("config-epoch")), List.of(new Range(0, 0, owner)), Set.of());
    }

    private boolean isMaster(HostAndPort address) {
        boolean master =
                askAll(List.of(address), connections::toRedis, this::role).contains("master");
        if (!master) {
            failure = new IOException(address + " is not the master yet");
        }
        return master;
    }

    private String role(Connection server) {
        return text(((List<?>) server.executeCommand(new CommandArguments(Protocol.Command.ROLE))).getFirst());
    }

    private Optional<List<Range>> cluster(
            RedisServers.Topology.Cluster cluster, Collection<HostAndPort> owners, int asked) {
        List<HostAndPort> masters = new ArrayList<>(owners);
        List<HostAndPort> others = new ArrayList<>(replicas);
        cluster.seeds().stream().map(TopologyDiscovery::address).forEach(others::add);
        Collections.shuffle(masters);
        Collections.shuffle(others);
        Set<HostAndPort> candidates = new LinkedHashSet<>(); // masters and others alternately
        for (int i = 0; i < Math.max(others.size(), masters.size()); i++) {
            masters.stream().skip(i).limit(1).forEach(candidates::add);
            others.stream().skip(i).limit(1).forEach(candidates::add);
        }
        Optional<Report> newest =
                newest(askAll(candidates.stream().limit(asked).toList(), connections::toRedis, this::nodeReport));
        newest.ifPresent(report -> replicas = report.replicas);
        return newest.map(Report::ranges);
    }

    private Report nodeReport(Connection node) {
        String info = text(node.executeCommand(new CommandArguments(Protocol.Command.CLUSTER).add("INFO")));
        List<?> slots = (List<?>) node.executeCommand(new CommandArguments(Protocol.Command.CLUSTER).add("SLOTS"));
        List<Range> ranges = new ArrayList<>();
        Set<HostAndPort> found = new LinkedHashSet<>();
        for (Object one : slots) {
            List<?> range = (List<?>) one;
            int first = Math.toIntExact((Long) range.get(0));
            int last = Math.toIntExact((Long) range.get(1));
            ranges.add(new Range(first, last, address((List<?>) range.get(2), node)));
            range.stream().skip(3).forEach(replica -> found.add(address((List<?>) replica, node)));
        }
        boolean clusterOk = info.contains("cluster_state:ok");
        if (!clusterOk) {
            failure = new IOException(node.getHostAndPort() + " says that the cluster is down");
        }
        return new Report(clusterOk, Long.parseLong(field(info, "cluster_current_epoch")), ranges, found);
    }

    /** Returns the address of a node in {@code CLUSTER SLOTS}, where a node may not know its own host name. */
    private static HostAndPort address(List<?> node, Connection asked) {
        String host = node.getFirst() == null ? "" : text(node.getFirst());
        return new HostAndPort(
                host.isEmpty() || host.equals("?") ? asked.getHostAndPort().getHost() : host,
                Math.toIntExact((Long) node.get(1)));
    }

    private static String field(String info, String name) {
        return info.lines()
                .filter(line -> line.startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse("0");
    }

    /** Returns why the last discovery has failed. */
    Exception failure() {
        return failure;
    }

    /** Returns the replies that arrive in time: soon after the first one, as another may be newer. */
    private <T> List<T> askAll(
            List<HostAndPort> addresses, Function<HostAndPort, Connection> opening, Function<Connection, T> query) {
        BlockingQueue<Optional<T>> arriving = new LinkedBlockingQueue<>();
        addresses.forEach(address ->
                Thread.ofVirtual().name("redis-discovery").start(() -> arriving.add(ask(address, opening, query))));
        List<T> replies = new ArrayList<>();
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        try {
            for (int i = 0; i < addresses.size(); i++) {
                Optional<T> reply = arriving.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (reply == null) {
                    break;
                }
                if (replies.isEmpty() && reply.isPresent()) {
                    deadline = System.nanoTime() + AFTER_THE_FIRST.toNanos();
                }
                reply.ifPresent(replies::add);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return replies;
    }

    private <T> Optional<T> ask(
            HostAndPort address, Function<HostAndPort, Connection> opening, Function<Connection, T> query) {
        Connection kept = idle.remove(address);
        if (kept != null) {
            try {
                return Optional.of(ask(address, kept, query));
            } catch (Throwable e) {
                fail(address, e); // perhaps only the connection was old
            }
        }
        try {
            return Optional.of(ask(address, opening.apply(address), query));
        } catch (Throwable e) { // another reply may be usable
            fail(address, e);
        }
        return Optional.empty();
    }

    private void fail(HostAndPort address, Throwable why) {
        if (why instanceof JedisException unreachable) {
            failure = unreachable;
        } else {
            failure = new IOException("the reply of " + address + " makes no sense: " + why, why);
            Loop.report(LOG, "asking Redis at " + address + " for the owners of channels", why);
        }
    }

    private <T> T ask(HostAndPort address, Connection connection, Function<Connection, T> query) {
        T reply;
        try {
            reply = query.apply(connection);
        } catch (RuntimeException | Error e) {
            connection.close();
            throw e;
        }
        Connection before = idle.put(address, connection);
        if (before != null) {
            before.close();
        }
        return reply;
    }

    @Override
    public void close() {
        idle.values().forEach(Connection::close);
    }

    private static String text(Object bytes) {
        return bytes instanceof byte[] raw ? new String(raw, StandardCharsets.UTF_8) : String.valueOf(bytes);
    }
}

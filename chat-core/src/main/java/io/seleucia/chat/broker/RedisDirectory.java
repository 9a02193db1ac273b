package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
import java.io.IOException;
import java.lang.System.Logger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Asks which server has which slots. Several are asked at once, each over a connection of its own, and whose news is the
 * newest is believed: a node or a sentinel that was cut off from the others may tell of the past.
 *
 * <p>Called by one thread at a time, which blocks for some two seconds at the most.
 */
final class RedisDirectory implements AutoCloseable {
    /** How many slots a cluster has. Where there is none, slot 0 stands for all. */
    static final int SLOTS = 16_384;

    private static final Logger LOG = System.getLogger(RedisDirectory.class.getName());
    private static final Duration PATIENCE = Duration.ofMillis(1_800);
    private static final Duration AFTER_THE_FIRST = Duration.ofMillis(200);
    private static final int ASKED = 5;
    private static final int OUTDATED = 50;

    /** Slots from the first to the last, and who has them. */
    record Range(int first, int last, HostAndPort owner) {}

    /** What one node of a cluster, or one sentinel, says, and how new it is. */
    private record Testimony(boolean sound, long epoch, List<Range> ranges, Set<HostAndPort> replicas) {}

    private final RedisServers servers;
    private final RedisAccess access;
    private Set<HostAndPort> replicas = Set.of(); // of the cluster, as last heard
    private long epoch; // of the newest news
    private int outdated; // how often in a row nobody had news as new
    private final Map<HostAndPort, Connection> idle = new ConcurrentHashMap<>();
    private volatile Exception failure = new IOException("nobody answers in time");

    RedisDirectory(RedisServers servers, RedisAccess access) {
        this.servers = servers;
        this.access = access;
    }

    /**
     * Makes sure that Redis answers now, each server that has channels.
     *
     * @throws UnavailableException if it does not
     */
    static void askOnce(RedisServers servers) throws UnavailableException {
        try (RedisDirectory directory = new RedisDirectory(servers, new RedisAccess(servers, "seleucia"))) {
            directory.ask();
        } catch (JedisException e) {
            throw new UnavailableException("Redis at " + servers + ": " + e.getMessage(), e);
        }
    }

    /**
     * Who has which slots; empty if nobody can tell.
     *
     * @param owners who had them when last asked
     * @param doubtful whether that is in doubt, so that one node of a cluster is not enough
     */
    Optional<List<Range>> look(Collection<HostAndPort> owners, boolean doubtful) {
        return switch (servers.topology()) {
            case RedisServers.Topology.Single single -> Optional.of(List.of(new Range(0, 0, address(single.server()))));
            case RedisServers.Topology.Sentinel sentinel -> master(sentinel, owners);
            case RedisServers.Topology.Cluster cluster -> cluster(cluster, owners, doubtful ? ASKED : 1);
        };
    }

    /**
     * Has an answer from everybody who has slots.
     *
     * @throws JedisException if somebody does not answer
     */
    void ask() {
        List<Range> ranges = look(List.of(), true).orElseThrow(() -> new JedisException(failure.getMessage(), failure));
        for (HostAndPort owner :
                new LinkedHashSet<>(ranges.stream().map(Range::owner).toList())) {
            try (Connection connection = access.toRedis(owner)) {
                connection.ping();
            }
        }
    }

    private static HostAndPort address(RedisServers.Address address) {
        return new HostAndPort(address.host(), address.port());
    }

    /** The newest answer, if that server agrees that it is a master. */
    private Optional<List<Range>> master(RedisServers.Topology.Sentinel sentinel, Collection<HostAndPort> owners) {
        List<HostAndPort> sentinels =
                sentinel.sentinels().stream().map(RedisDirectory::address).toList();
        return newest(all(sentinels, access::toSentinel, one -> ofSentinel(sentinel.master(), one)))
                .map(Testimony::ranges)
                .filter(ranges -> owners.contains(ranges.getFirst().owner())
                        || isMaster(ranges.getFirst().owner()));
    }

    /**
     * The newest that is no older than what was heard before. Where for long there is only what is older, whoever tells
     * it was set up anew, and is believed.
     */
    private Optional<Testimony> newest(List<Testimony> heard) {
        Optional<Testimony> newest = heard.stream()
                .filter(one -> one.sound && !one.ranges.isEmpty())
                .max(Comparator.comparingLong(Testimony::epoch));
        if (newest.isPresent() && newest.get().epoch < epoch && ++outdated < OUTDATED) {
            return Optional.empty();
        }
        newest.ifPresent(one -> {
            epoch = one.epoch;
            outdated = 0;
        });
        return newest;
    }

    private Testimony ofSentinel(String master, Connection sentinel) {
        List<?> fields = (List<?>) sentinel.executeCommand(
                new CommandArguments(Protocol.Command.SENTINEL).add("MASTER").add(master));
        Map<String, String> known = new HashMap<>();
        for (int i = 0; i + 1 < fields.size(); i += 2) {
            known.put(text(fields.get(i)), text(fields.get(i + 1)));
        }
        HostAndPort owner = new HostAndPort(known.get("ip"), Integer.parseInt(known.get("port")));
        return new Testimony(
                true, Long.parseLong(known.get("config-epoch")), List.of(new Range(0, 0, owner)), Set.of());
    }

    private boolean isMaster(HostAndPort address) {
        boolean master = all(List.of(address), access::toRedis, this::role).contains("master");
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
        cluster.seeds().stream().map(RedisDirectory::address).forEach(others::add);
        Collections.shuffle(masters);
        Collections.shuffle(others);
        Set<HostAndPort> candidates = new LinkedHashSet<>(); // masters and others by turns
        for (int i = 0; i < Math.max(others.size(), masters.size()); i++) {
            masters.stream().skip(i).limit(1).forEach(candidates::add);
            others.stream().skip(i).limit(1).forEach(candidates::add);
        }
        Optional<Testimony> newest =
                newest(all(candidates.stream().limit(asked).toList(), access::toRedis, this::ofNode));
        newest.ifPresent(testimony -> replicas = testimony.replicas);
        return newest.map(Testimony::ranges);
    }

    private Testimony ofNode(Connection node) {
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
        boolean sound = info.contains("cluster_state:ok");
        if (!sound) {
            failure = new IOException(node.getHostAndPort() + " says that the cluster is down");
        }
        return new Testimony(sound, Long.parseLong(field(info, "cluster_current_epoch")), ranges, found);
    }

    /** A node of {@code CLUSTER SLOTS}; one that does not know its own name is where we have asked. */
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

    /** Why nobody could tell. */
    Exception failure() {
        return failure;
    }

    /** What those answer who do so in time: soon after the first, for the newest news may come from another. */
    private <T> List<T> all(
            List<HostAndPort> asked, Function<HostAndPort, Connection> opening, Function<Connection, T> question) {
        List<CompletableFuture<Optional<T>>> answers = asked.stream()
                .map(address -> CompletableFuture.supplyAsync(
                        () -> answer(address, opening, question),
                        task -> Thread.ofVirtual().name("redis-directory").start(task)))
                .toList();
        CompletableFuture<Void> everybody = CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new));
        CompletableFuture<Void> somebody = new CompletableFuture<>();
        answers.forEach(one -> one.thenAccept(answer -> answer.ifPresent(it -> somebody.complete(null))));
        await(CompletableFuture.anyOf(everybody, somebody), PATIENCE);
        await(everybody, AFTER_THE_FIRST);
        return answers.stream()
                .flatMap(answer -> answer.getNow(Optional.empty()).stream())
                .toList();
    }

    private <T> Optional<T> answer(
            HostAndPort address, Function<HostAndPort, Connection> opening, Function<Connection, T> question) {
        Optional<Connection> kept = Optional.ofNullable(idle.remove(address));
        if (kept.isPresent()) {
            try {
                return Optional.of(ask(address, kept.get(), question));
            } catch (JedisException e) {
                failure = e; // perhaps only the connection was old
            }
        }
        try {
            return Optional.of(ask(address, opening.apply(address), question));
        } catch (JedisException e) {
            failure = e;
        } catch (Throwable e) { // the others may have an answer that makes sense
            failure = new IOException("the answer of " + address + " makes no sense: " + e, e);
            Loop.report(LOG, "asking Redis at " + address + " who has what", e);
        }
        return Optional.empty();
    }

    private <T> T ask(HostAndPort address, Connection connection, Function<Connection, T> question) {
        T answer;
        try {
            answer = question.apply(connection);
        } catch (RuntimeException | Error e) {
            connection.close();
            throw e;
        }
        Connection before = idle.put(address, connection);
        if (before != null) {
            before.close();
        }
        return answer;
    }

    @Override
    public void close() {
        idle.values().forEach(Connection::close);
    }

    private static void await(CompletableFuture<?> what, Duration limit) {
        try {
            what.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            // Who has not answered by now is not heard.
        } catch (ExecutionException e) {
            throw new IllegalStateException("an answer that makes no sense", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String text(Object bytes) {
        return bytes instanceof byte[] raw ? new String(raw, StandardCharsets.UTF_8) : String.valueOf(bytes);
    }
}

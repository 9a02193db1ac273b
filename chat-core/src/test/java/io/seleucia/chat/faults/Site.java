package io.seleucia.chat.faults;

import io.seleucia.chat.Limits;
import io.seleucia.chat.broker.redis.RedisProcess;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The processes of one chat: servers over a Redis, each on the far side of a proxy, or all on hosts of a network; or one
 * server with a journal.
 */
final class Site implements AutoCloseable {
    /** Where Redis is on a network. */
    static final String REDIS = "redis";

    /** Where servers are on a network. */
    static final List<String> SERVERS = List.of("a", "b");

    /** From where members connect on a network, by turns. */
    static final List<String> CLIENTS = List.of("near", "far");

    private static final Duration SILENCE = Limits.DEFAULT.pingInterval().plusSeconds(10);

    private Optional<Network> network = Optional.empty();
    private Duration silence = SILENCE;
    private Duration noticing = Duration.ofSeconds(3);
    private Optional<Path> journal = Optional.empty();
    private final Optional<RedisProcess> redis;
    private final List<FaultyProxy> proxies = new ArrayList<>(); // one for each server over Redis, without a network
    private final List<Integer> doors = new ArrayList<>(); // one for each server on a network, which no fault closes
    private final List<ServerProcess> servers = new ArrayList<>();
    private final List<FakeClock> clocks = new ArrayList<>();
    private final Programs programs = new Programs();
    private final Deletions deletions = new Deletions();
    private final Attendance attendance = new Attendance();
    private final Bystanders bystanders = new Bystanders();
    private final Optional<Rollbacks> rollbacks;
    private boolean errors;

    private Site(Optional<RedisProcess> redis) {
        this.redis = redis;
        this.rollbacks = redis.map(Rollbacks::new);
    }

    /** So many servers over one Redis; where there is none, the test is skipped. */
    static Site overRedis(int servers) throws Exception {
        return overRedis(servers, Equipment.NONE);
    }

    /** The same with something in the server processes. */
    static Site overRedis(int servers, Equipment equipment) throws Exception {
        return overRedis(Host.HERE, Collections.nCopies(servers, Host.HERE), equipment);
    }

    /** Two servers over one Redis, each of the three with a clock of its own; without libfaketime the test is skipped. */
    static Site withClocks() throws Exception {
        List<FakeClock> clocks = List.of(FakeClock.begin(), FakeClock.begin(), FakeClock.begin());
        Site site = overRedis(
                clocks.getFirst(),
                clocks.subList(1, 3),
                Equipment.NONE.withLongKeys().withHaste());
        site.clocks.addAll(clocks);
        return site;
    }

    /** Two servers over one Redis that has a clock of its own; without libfaketime the test is skipped. */
    static Site withClockOfRedis() throws Exception {
        FakeClock clock = FakeClock.begin();
        Site site = overRedis(
                clock,
                Collections.nCopies(2, Host.HERE),
                Equipment.NONE.withLongKeys().withHaste());
        site.clocks.add(clock);
        return site;
    }

    private static Site overRedis(Host redisHost, List<? extends Host> hosts, Equipment equipment) throws Exception {
        RedisProcess redis = RedisProcess.begin(redisHost);
        Site site = new Site(Optional.of(redis));
        try {
            for (Host host : hosts) {
                FaultyProxy proxy = new FaultyProxy(redis.uri().getPort());
                site.proxies.add(proxy);
                site.begin(host, "redis://127.0.0.1:" + proxy.port(), equipment);
            }
            return site;
        } catch (Exception e) {
            site.close();
            throw e;
        }
    }

    private void begin(Host host, String store, Equipment equipment) throws IOException {
        List<String> flags = new ArrayList<>(equipment.flags());
        if (equipment.program()) {
            flags.add(programs.flag());
        }
        errors = equipment.errors();
        servers.add(ServerProcess.begin(host, Limits.DEFAULT.pingInterval(), store, flags));
    }

    /**
     * Two servers over one Redis on hosts of a network; where there can be none, the test is skipped.
     *
     * @param ping after how much silence the servers ping a client, which has half of that to answer
     */
    static Site onNetwork(Duration ping) throws Exception {
        Network network = Network.begin(Stream.of(List.of(REDIS), SERVERS, CLIENTS)
                .flatMap(List::stream)
                .toArray(String[]::new));
        RedisProcess redis = RedisProcess.begin(network.host(REDIS));
        Site site = new Site(Optional.of(redis));
        site.network = Optional.of(network);
        site.silence = ping.multipliedBy(4);
        site.noticing = site.silence.plus(site.noticing); // nothing may arrive that says so
        try {
            for (String name : SERVERS) {
                ServerProcess server = ServerProcess.begin(
                        network.host(name), ping, redis.uri().toString());
                site.servers.add(server);
                site.doors.add(network.host(name).door(server.port()));
            }
            return site;
        } catch (Exception e) {
            site.close();
            throw e;
        }
    }

    /** One server, with a journal in a directory. */
    static Site withJournal(Path directory) throws IOException {
        return withJournal(directory, Equipment.NONE);
    }

    /** The same with a clock of its own; without libfaketime the test is skipped. */
    static Site withJournalAndClock(Path directory) throws IOException {
        FakeClock clock = FakeClock.begin();
        Site site = withJournal(clock, directory, Equipment.NONE.withLongKeys());
        site.clocks.add(clock);
        return site;
    }

    /** The same with something in the server process. */
    static Site withJournal(Path directory, Equipment equipment) throws IOException {
        return withJournal(Host.HERE, directory, equipment);
    }

    private static Site withJournal(Host host, Path directory, Equipment equipment) throws IOException {
        Site site = new Site(Optional.empty());
        site.journal = Optional.of(directory);
        site.begin(host, directory.toUri().toString(), equipment);
        return site;
    }

    /** Returns the size of the journal's largest file, in bytes. */
    long largestFile() throws IOException {
        try (Stream<Path> files = Files.walk(journal.orElseThrow())) {
            return files.map(Path::toFile).mapToLong(File::length).max().orElse(0);
        }
    }

    List<ServerProcess> servers() {
        return servers;
    }

    List<FaultyProxy> proxies() {
        return proxies;
    }

    boolean hasRedis() {
        return redis.isPresent();
    }

    RedisProcess redis() {
        return redis.orElseThrow();
    }

    Rollbacks rollbacks() {
        return rollbacks.orElseThrow();
    }

    List<FakeClock> clocks() {
        return clocks;
    }

    Deletions deletions() {
        return deletions;
    }

    Attendance attendance() {
        return attendance;
    }

    /** Those that are only there; nobody, until they are told to come. */
    Bystanders bystanders() {
        return bystanders;
    }

    /** Whether plug-ins in the servers throw Errors, which programs with clients may do as well. */
    boolean injectsErrors() {
        return errors;
    }

    /** What the embedding programs have noted up to now. */
    List<EmbeddedEvidence> programs() throws IOException {
        return programs.evidence();
    }

    /** Starts the servers that are not running, and stops what embedding programs say. */
    void settle() throws IOException {
        for (ServerProcess server : servers) {
            if (!server.isAlive()) {
                server.start();
            }
            programs.hush(server);
        }
    }

    Network network() {
        return network.orElseThrow();
    }

    /** Returns how long a client may take to notice that its connection has ended. */
    Duration noticing() {
        return noticing;
    }

    /** After how much silence of a server a client may take the connection for broken. */
    Duration silence() {
        return silence;
    }

    /** Where the test reaches the servers. */
    List<Integer> ports() {
        return doors.isEmpty() ? servers.stream().map(ServerProcess::port).toList() : doors;
    }

    /** Where one of many members reaches them. */
    List<Integer> ports(int member) throws IOException {
        if (network.isEmpty()) {
            return ports();
        }
        String from = CLIENTS.get(member % CLIENTS.size());
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < SERVERS.size(); i++) {
            ports.add(network().door(from, SERVERS.get(i), servers.get(i).port()));
        }
        return ports;
    }

    /** What all servers have logged. */
    String logs() {
        return ServerProcess.logs(servers);
    }

    @Override
    public void close() throws IOException {
        bystanders.close();
        try {
            ServerProcess.close(servers);
        } finally {
            closeSurroundings();
        }
    }

    private void closeSurroundings() throws IOException {
        for (FaultyProxy proxy : proxies) {
            proxy.close();
        }
        if (redis.isPresent()) {
            redis.get().close();
        }
        if (network.isPresent()) {
            network.get().close();
        }
        for (FakeClock clock : clocks) {
            clock.close();
        }
        programs.close();
    }
}

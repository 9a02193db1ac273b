package io.seleucia.chat.faults;

import io.seleucia.chat.Limits;
import io.seleucia.chat.broker.RedisProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
    private final Optional<RedisProcess> redis;
    private final List<FaultyProxy> proxies = new ArrayList<>(); // one for each server over Redis, without a network
    private final List<Integer> doors = new ArrayList<>(); // one for each server on a network, which no fault closes
    private final List<ServerProcess> servers = new ArrayList<>();

    private Site(Optional<RedisProcess> redis) {
        this.redis = redis;
    }

    /** So many servers over one Redis; where there is none, the test is skipped. */
    static Site overRedis(int servers) throws Exception {
        RedisProcess redis = RedisProcess.begin();
        Site site = new Site(Optional.of(redis));
        try {
            for (int i = 0; i < servers; i++) {
                FaultyProxy proxy = new FaultyProxy(redis.uri().getPort());
                site.proxies.add(proxy);
                site.servers.add(ServerProcess.begin("redis://127.0.0.1:" + proxy.port()));
            }
            return site;
        } catch (Exception e) {
            site.close();
            throw e;
        }
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
        Site site = new Site(Optional.empty());
        site.servers.add(ServerProcess.begin(directory.toUri().toString()));
        return site;
    }

    List<ServerProcess> servers() {
        return servers;
    }

    List<FaultyProxy> proxies() {
        return proxies;
    }

    RedisProcess redis() {
        return redis.orElseThrow();
    }

    Network network() {
        return network.orElseThrow();
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
    }
}

package io.seleucia.chat.faults;

import io.seleucia.chat.broker.RedisProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The processes of one chat: servers over a Redis, each on the far side of a proxy; or one server with a journal. */
final class Site implements AutoCloseable {
    private final Optional<RedisProcess> redis;
    private final List<FaultyProxy> proxies = new ArrayList<>(); // one for each server over Redis
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

    List<Integer> ports() {
        return servers.stream().map(ServerProcess::port).toList();
    }

    /** What all servers have logged. */
    String logs() {
        StringBuilder logs = new StringBuilder();
        servers.forEach(server -> logs.append(server.log()));
        return logs.toString();
    }

    @Override
    public void close() throws IOException {
        for (ServerProcess server : servers) {
            server.close();
        }
        for (FaultyProxy proxy : proxies) {
            proxy.close();
        }
        if (redis.isPresent()) {
            redis.get().close();
        }
    }
}

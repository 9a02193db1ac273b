package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.ChildProcess;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.ClientKillParams;

/**
 * A connection to a Redis. A Redis that the benchmark starts has a free port and a temporary directory, and ends with this
 * process: a shell ends it when its standard input ends.
 */
final class Redis implements AutoCloseable {
    private static final int START_SECONDS = 30;
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final long ROUND_MILLIS = 20;
    private static final String FLAGS = "--bind 127.0.0.1 --appendonly yes --appendfsync everysec"
            + " --auto-aof-rewrite-percentage 0 --maxmemory-policy noeviction"; // so that the file only grows
    private static final String SCRIPT = """
            trap '' INT TERM
            directory=$1; shift
            redis-server "$@" --dir "$directory" >/dev/null &
            cat >/dev/null
            kill -9 $! 2>/dev/null
            wait
            rm -r "$directory"
            """;

    private final URI url;
    private final Jedis connection;
    private final Optional<ChildProcess> process; // empty if the benchmark did not start it

    private Redis(URI url, Jedis connection, Optional<ChildProcess> process) {
        this.url = url;
        this.connection = connection;
        this.process = process;
    }

    /** Starts one with an append-only file that is synced every second. Blocks until it answers. */
    static Redis start() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Path directory = Files.createTempDirectory("scaling-redis");
        List<String> command =
                new ArrayList<>(List.of("sh", "-c", SCRIPT, "redis", directory.toString(), "--save", ""));
        command.addAll(List.of(FLAGS.split(" ")));
        command.addAll(List.of("--port", Integer.toString(port)));
        ChildProcess process = new ChildProcess("redis-server", command);
        URI url = URI.create("redis://127.0.0.1:" + port);
        try {
            return new Redis(url, awaited(url), Optional.of(process));
        } catch (IOException e) {
            process.close();
            throw e;
        }
    }

    private static Jedis awaited(URI url) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (true) {
            try {
                return connect(url);
            } catch (IOException e) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IOException("redis-server does not answer within " + START_SECONDS + " s", e);
                }
            }
            Fleet.pause(ROUND_MILLIS);
        }
    }

    /** Connects to a running one. */
    static Redis running(URI url) throws IOException {
        return new Redis(url, connect(url), Optional.empty());
    }

    private static Jedis connect(URI url) throws IOException {
        Jedis connection = ask(() -> new Jedis(url, TIMEOUT_MILLIS)); // connects
        try {
            ask(connection::ping);
            return connection;
        } catch (IOException e) {
            connection.close();
            throw e;
        }
    }

    /** Sends a command and returns its reply. Blocks for ten seconds at most. */
    private static <T> T ask(Supplier<T> command) throws IOException {
        try {
            return command.get();
        } catch (JedisException e) {
            throw new IOException("the request to Redis failed: " + e.getMessage(), e);
        }
    }

    URI url() {
        return url;
    }

    RedisReading read() throws IOException {
        return RedisReading.of(ask(() -> connection.info("all")), System.nanoTime());
    }

    /** Returns the number of connections of chat servers. */
    int connections() throws IOException {
        return clients(ask(connection::clientList)).size();
    }

    int subscribers() throws IOException {
        return pubSubClients().size();
    }

    void killSubscribers() throws IOException {
        for (String client : pubSubClients()) {
            String id = client.replaceFirst("^id=([0-9]+) .*", "$1");
            ask(() -> connection.clientKill(new ClientKillParams().id(id)));
        }
    }

    private List<String> pubSubClients() throws IOException {
        return clients(ask(() -> connection.clientList(ClientType.PUBSUB)));
    }

    private static List<String> clients(String list) {
        return list.lines().filter(line -> line.contains(" name=seleucia")).toList();
    }

    @Override
    public void close() throws IOException {
        connection.close();
        process.ifPresent(ChildProcess::close);
    }
}

package io.seleucia.chat.examples.benchmark.scaling;

import io.seleucia.chat.examples.benchmark.ChildProcess;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A redis-server, and a connection by which it is watched. One of the benchmark's own is on a free port, in a directory
 * that goes with it. It lives no longer than this process, for a shell ends it when its standard input ends.
 */
final class Redis implements AutoCloseable {
    private static final int START_SECONDS = 30;
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
    private final RedisConnection connection;
    private final Optional<ChildProcess> process; // none if it is somebody else's

    private Redis(URI url, RedisConnection connection, Optional<ChildProcess> process) {
        this.url = url;
        this.connection = connection;
        this.process = process;
    }

    /** Starts one, with an append-only file that is synced every second, and waits until it answers. */
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

    private static RedisConnection awaited(URI url) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (true) {
            try {
                RedisConnection connection = new RedisConnection(url);
                connection.ask("PING");
                return connection;
            } catch (IOException e) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IOException("redis-server does not answer within " + START_SECONDS + " s", e);
                }
            }
            Fleet.pause(ROUND_MILLIS);
        }
    }

    /** Watches one that runs already. */
    static Redis running(URI url) throws IOException {
        return new Redis(url, new RedisConnection(url), Optional.empty());
    }

    URI url() {
        return url;
    }

    /** What it says of itself now. */
    RedisReading read() throws IOException {
        return RedisReading.of(connection.ask("INFO", "all"), System.nanoTime());
    }

    /** How many connections chat servers have to it. */
    int connections() throws IOException {
        return clients(connection.ask("CLIENT", "LIST")).size();
    }

    /** How many of these are in pub/sub mode. */
    int subscribers() throws IOException {
        return clients(connection.ask("CLIENT", "LIST", "TYPE", "pubsub")).size();
    }

    /** Kills these. */
    void killSubscribers() throws IOException {
        for (String client : clients(connection.ask("CLIENT", "LIST", "TYPE", "pubsub"))) {
            connection.ask("CLIENT", "KILL", "ID", client.replaceFirst("^id=([0-9]+) .*", "$1"));
        }
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

package io.seleucia.chat.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Eventually;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import redis.clients.jedis.RedisClient;

/**
 * A redis-server of a test's own, on a free port, with an append-only file that is synced for every command: what it has
 * acknowledged it knows again after {@link #kill} and {@link #start}.
 */
public final class RedisProcess implements AutoCloseable {
    private final int port;
    private final Path directory;
    private Process process;

    private RedisProcess(int port, Path directory) {
        this.port = port;
        this.directory = directory;
    }

    /** Starts one; where there is no redis-server, the test is skipped, or fails if {@code redis.required} is set. */
    public static RedisProcess begin() throws Exception {
        boolean installed = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(path -> Files.isExecutable(Path.of(path, "redis-server")));
        if (!installed && Boolean.getBoolean("redis.required")) {
            throw new AssertionError("redis.required is set, and there is no redis-server on the PATH");
        }
        Assumptions.assumeTrue(installed, "there is no redis-server on the PATH");
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        RedisProcess redis = new RedisProcess(port, Files.createTempDirectory("redis"));
        redis.start();
        return redis;
    }

    /** Starts it again, with what it had written. */
    public void start() throws Exception {
        process = new ProcessBuilder(List.of(
                        "redis-server",
                        "--port",
                        Integer.toString(port),
                        "--bind",
                        "127.0.0.1",
                        "--dir",
                        directory.toString(),
                        "--appendonly",
                        "yes",
                        "--appendfsync",
                        "always",
                        "--save",
                        ""))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        Eventually.eventuallyGet(() -> {
            try (RedisClient client = client()) {
                return client.ping();
            }
        });
    }

    /** Ends it at once, as {@code kill -9} does. */
    public void kill() {
        process.destroyForcibly().onExit().orTimeout(30, TimeUnit.SECONDS).join();
    }

    /** It stays, and its connections stay open, but it answers nothing. */
    public void freeze() throws IOException {
        signal("STOP");
    }

    /** It goes on after {@link #freeze}. */
    public void thaw() throws IOException {
        signal("CONT");
    }

    private void signal(String name) throws IOException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
        assertThat(kill.onExit().orTimeout(30, TimeUnit.SECONDS).join().exitValue())
                .isZero();
    }

    public URI uri() {
        return URI.create("redis://127.0.0.1:" + port);
    }

    /** A client of the test's own. */
    public RedisClient client() {
        return RedisClient.create("127.0.0.1", port);
    }

    @Override
    public void close() throws IOException {
        kill();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}

package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Eventually;
import io.seleucia.chat.TestDirectories;
import io.seleucia.chat.faults.Host;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import redis.clients.jedis.Connection;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A redis-server of a test's own, on a free port, with an append-only file that is synced for every command: what it has
 * acknowledged it knows again after {@link #kill} and {@link #start}. It ends with this process at the latest.
 */
public final class RedisProcess implements AutoCloseable {
    private static final String PERSISTENT =
            "--appendonly yes --appendfsync always --save '' --auto-aof-rewrite-percentage 0";
    private static final String FILES = "appendonlydir";
    private static final Pattern LISTENING = Pattern.compile("Ready to accept connections|Sentinel ID is");
    private static final int ATTEMPTS = 5;

    private final Host host;
    private final int port;
    private final int door; // where the test itself reaches it
    private final Path directory;
    private final List<String> flags;
    private Process process;

    private RedisProcess(Host host, int port, Path directory, List<String> flags) throws IOException {
        this.host = host;
        this.port = port;
        this.door = host.door(port);
        this.directory = directory;
        this.flags = flags;
    }

    /** Starts one; where there is no redis-server, the test is skipped, or fails if {@code redis.required} is set. */
    public static RedisProcess begin() throws Exception {
        return begin(Host.HERE);
    }

    /** Starts one on a host. */
    public static RedisProcess begin(Host host) throws Exception {
        return begin(host, PERSISTENT);
    }

    /**
     * Starts one with other settings.
     *
     * @param flags settings as flags
     */
    static RedisProcess begin(String flags) throws Exception {
        return begin(Host.HERE, flags);
    }

    static RedisProcess begin(Host host, String flags) throws Exception {
        String[] all = flags.split(" ");
        return begin(
                host,
                TestDirectories.make(),
                Stream.of(all).map(flag -> flag.equals("''") ? "" : flag).toList());
    }

    /**
     * Starts a sentinel, which keeps its settings in a file.
     *
     * @param flags more settings, as flags
     */
    static RedisProcess beginSentinel(Host host, List<String> settings, String flags) throws Exception {
        Path directory = TestDirectories.make();
        Path file = Files.write(directory.resolve("sentinel.conf"), settings);
        List<String> all = new ArrayList<>(List.of(file.toString(), "--sentinel"));
        all.addAll(Stream.of(flags.split(" ")).filter(flag -> !flag.isEmpty()).toList());
        return begin(host, directory, all);
    }

    private static RedisProcess begin(Host host, Path directory, List<String> flags) throws Exception {
        boolean installed = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(path -> Files.isExecutable(Path.of(path, "redis-server")));
        if (!installed && Boolean.getBoolean("redis.required")) {
            throw new AssertionError("redis.required is set, and there is no redis-server on the PATH");
        }
        Assumptions.assumeTrue(installed, "there is no redis-server on the PATH");
        for (int attempt = 1; true; attempt++) {
            RedisProcess redis = new RedisProcess(host, freePort(), directory, flags);
            redis.launch();
            if (redis.listens() || attempt == ATTEMPTS) {
                redis.awaitAnswer();
                return redis;
            }
        }
    }

    static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0)) {
            return free.getLocalPort();
        }
    }

    private void launch(String... more) throws Exception {
        List<String> command = new ArrayList<>(List.of("redis-server"));
        command.addAll(flags);
        command.addAll(List.of(more));
        command.addAll(List.of("--port", Integer.toString(port), "--bind", host.address(), "--protected-mode", "no"));
        command.addAll(List.of("--dir", directory.toString()));
        process = new ProcessBuilder(host.command(command))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    }

    /** Waits until it has its port. Returns false if it has ended instead, because another process was faster. */
    private boolean listens() {
        Eventually.eventually(
                () -> assertThat(!process.isAlive() || LISTENING.matcher(log()).find())
                        .as(log())
                        .isTrue());
        return process.isAlive();
    }

    /** Starts it again, with what it had written. */
    public void start() throws Exception {
        restart();
    }

    private void restart(String... more) throws Exception {
        launch(more);
        for (int attempt = 1; !listens() && attempt < ATTEMPTS; attempt++) {
            launch(more); // a connection that got the same number for a moment may have gone
        }
        awaitAnswer();
    }

    /** Writes all that it knows to a file, and returns that. */
    byte[] dump() throws IOException {
        ask("SAVE");
        return Files.readAllBytes(directory.resolve("dump.rdb"));
    }

    /**
     * Kills it and starts it again with what it knew when the dump was made. It must have no append-only file.
     *
     * @param more settings of this start, as flags
     */
    void putBack(byte[] dump, String... more) throws Exception {
        kill();
        Files.write(directory.resolve("dump.rdb"), dump);
        restart(more);
    }

    /** Kills it and starts it again with nothing. It must have no append-only file. */
    void startEmpty() throws Exception {
        kill();
        Files.deleteIfExists(directory.resolve("dump.rdb"));
        start();
    }

    /** Waits until it answers. */
    void awaitAnswer() throws Exception {
        Eventually.eventually(() -> ask("PING"));
    }

    /** Sends a command; gives what it answers, texts as strings, nil as null. That it does not is a failed assertion. */
    public Object ask(String command, String... arguments) {
        try (Connection connection = new Connection("127.0.0.1", door)) {
            connection.sendCommand(() -> command.getBytes(StandardCharsets.UTF_8), arguments);
            return text(connection.getOne());
        } catch (JedisException e) {
            throw new AssertionError(command + " at port " + port + ": " + e.getMessage(), e);
        }
    }

    private static Object text(Object answer) {
        return switch (answer) {
            case null -> null;
            case byte[] bytes -> new String(bytes, StandardCharsets.UTF_8);
            case List<?> list -> list.stream().map(RedisProcess::text).toList();
            default -> answer;
        };
    }

    int port() {
        return port;
    }

    /** Where others find it: with TLS, if it has that. */
    String address() {
        return host.address() + ":" + announced();
    }

    /** The port for TLS, if it has one, else the plain one. */
    int announced() {
        int tls = flags.indexOf("--tls-port");
        return tls < 0 ? port : Integer.parseInt(flags.get(tls + 1));
    }

    /** What it has logged. */
    String log() {
        try {
            return Files.readString(directory.resolve("log"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Ends it at once, as {@code kill -9} does. */
    public void kill() {
        process.destroyForcibly().onExit().orTimeout(30, TimeUnit.SECONDS).join();
    }

    /** Copies its append-only files as they are at one moment, while it lives. */
    public Path snapshot() throws IOException {
        Path snapshot = Files.createTempDirectory(directory, "snapshot");
        freeze();
        try {
            copy(directory.resolve(FILES), snapshot);
        } finally {
            thaw();
        }
        return snapshot;
    }

    /** Has it know what it knew at a snapshot, or nothing, at its next start; it has been ended before. */
    public void restore(Optional<Path> snapshot) throws IOException {
        Path files = directory.resolve(FILES);
        delete(files);
        if (snapshot.isPresent()) {
            Files.createDirectory(files);
            copy(snapshot.get(), files);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
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

    /** By which processes reach it, without TLS. */
    public URI uri() {
        return URI.create("redis://" + host.address() + ":" + port);
    }

    /** A client of the test's own. */
    public RedisClient client() {
        return RedisClient.create("127.0.0.1", door);
    }

    @Override
    public void close() throws IOException {
        kill();
        delete(directory);
    }
}

package io.seleucia.chat.faults;

import io.seleucia.chat.Limits;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A chat server in a process of its own, which can be killed, and started again on the same port and store. */
final class ServerProcess {
    private static final long PATIENCE_SECONDS = 60;
    private static final int ATTEMPTS = 5;
    private static final int TERMINATED = 128 + 15;
    private static final String INJECTED = "Error: " + InjectedErrors.MESSAGE;

    private final Host host;
    private final Duration ping;
    private final String store;
    private final List<String> flags; // of its JVM
    private final Path log;
    private final ReentrantLock asking = new ReentrantLock(); // held from a question to its answer
    private volatile int port;
    private volatile Process process;
    private volatile long startedAt;
    private volatile long killedAt;
    private volatile BufferedReader out;

    /**
     * How a server is.
     *
     * @param flaw what keeps its broker from taking and delivering messages, or {@code ""}
     * @param proven how long ago something last came from Redis; negative if that has never been
     * @param queuedBytes what waits to be written to all clients
     * @param reconnects how often its broker had to make its subscriptions anew
     */
    record Status(String flaw, Duration proven, long queuedBytes, long reconnects) {}

    private ServerProcess(Host host, Duration ping, String store, List<String> flags, Path log) {
        this.host = host;
        this.ping = ping;
        this.store = store;
        this.flags = flags;
        this.log = log;
    }

    /**
     * Starts one on any free port.
     *
     * @param store see {@link ServerMain}
     */
    static ServerProcess begin(String store) throws IOException {
        return begin(Host.HERE, Limits.DEFAULT.pingInterval(), store);
    }

    /**
     * Starts one on a host.
     *
     * @param ping after how much silence it pings a client, which has half of that to answer
     */
    static ServerProcess begin(Host host, Duration ping, String store) throws IOException {
        return begin(host, ping, store, List.of());
    }

    /**
     * Starts one on a host.
     *
     * @param flags more arguments of its JVM
     */
    static ServerProcess begin(Host host, Duration ping, String store, List<String> flags) throws IOException {
        ServerProcess server = new ServerProcess(host, ping, store, flags, Files.createTempFile("server", ".log"));
        server.start();
        return server;
    }

    int port() {
        return port;
    }

    /** Starts it again. It listens when this returns. */
    void start() throws IOException {
        for (int attempt = 1; true; attempt++) {
            process = launch();
            out = process.inputReader(StandardCharsets.UTF_8);
            String line = out.readLine();
            if (line != null) {
                port = Integer.parseInt(line);
                startedAt = System.nanoTime();
                return;
            }
            if (attempt == ATTEMPTS) { // where its port is taken, by a connection that just got the same number
                throw new IOException("the server does not start:\n" + log());
            }
        }
    }

    private Process launch() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-Dslf4j.internal.verbosity=ERROR",
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(flags);
        command.addAll(List.of(
                ServerMain.class.getName(),
                host.address(),
                Integer.toString(port),
                Long.toString(ping.toMillis()),
                store));
        return new ProcessBuilder(host.command(command))
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    /** How it is now. */
    Status status() throws IOException {
        String[] fields = ask("").split(" ", 4);
        return new Status(
                fields[3],
                Duration.ofMillis(Long.parseLong(fields[0])),
                Long.parseLong(fields[1]),
                Long.parseLong(fields[2]));
    }

    /** Sends a line as {@link ServerMain} understands it; returns the answer. Fails if the process ends before that. */
    String ask(String line) throws IOException {
        asking.lock();
        try {
            BufferedReader answers = out;
            process.outputWriter(StandardCharsets.UTF_8)
                    .append(line)
                    .append('\n')
                    .flush();
            String answer = answers.readLine();
            if (answer == null) {
                throw new EOFException("the server has ended");
            }
            return answer;
        } finally {
            asking.unlock();
        }
    }

    /** When it last began to listen, by {@link System#nanoTime}. */
    long startedAt() {
        return startedAt;
    }

    /** When it was last killed, by {@link System#nanoTime}. */
    long killedAt() {
        return killedAt;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Ends it at once, as {@code kill -9} does. */
    void kill() {
        process.destroyForcibly()
                .onExit()
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
        killedAt = System.nanoTime();
    }

    /** Tells it to end in good order, and waits until it has. */
    void drain() {
        process.toHandle()
                .destroy(); // SIGTERM; its standard input, whose end would be the end of it at once, stays open
        int status = process.onExit()
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join()
                .exitValue();
        if (status != TERMINATED) {
            throw new AssertionError("a drained server ended with " + status + "\n" + log());
        }
    }

    /**
     * Limits the size of the files that it writes, as if the disk were full. A write beyond that is cut off, or fails.
     *
     * @param bytes the size, or {@code unlimited}
     */
    void limitFiles(String bytes) throws IOException, InterruptedException {
        String[] command = {"prlimit", "--pid", Long.toString(process.pid()), "--fsize=" + bytes + ":unlimited"};
        int status = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (status != 0) {
            throw new IOException("prlimit ended with " + status);
        }
    }

    /** What all lives of all of them have written to standard error. */
    static String logs(List<ServerProcess> servers) {
        return servers.stream().map(ServerProcess::log).collect(Collectors.joining());
    }

    private String log() {
        try {
            return "--- server on port " + port + "\n" + Files.readString(log);
        } catch (IOException e) {
            return "the log can't be read: " + e.getMessage();
        }
    }

    /**
     * Whether the line at an index says what no fault explains, nor a port that was taken when it started. An injected
     * Error stands on that line or the next.
     */
    private static boolean isFailure(List<String> lines, int index) {
        String line = lines.get(index);
        String next = index + 1 < lines.size() ? lines.get(index + 1) : "";
        return line.startsWith("SEVERE") && !next.contains(INJECTED)
                || line.startsWith("Exception in thread") && !line.contains("\"main\"");
    }

    /** Ends all of them. Fails if something in one of them has failed. */
    static void close(List<ServerProcess> servers) throws IOException {
        servers.forEach(ServerProcess::kill);
        String logs = logs(servers);
        for (ServerProcess server : servers) {
            Files.delete(server.log);
        }
        List<String> lines = logs.lines().toList();
        if (IntStream.range(0, lines.size()).anyMatch(index -> isFailure(lines, index))) {
            throw new AssertionError("something in a server has failed\n" + logs);
        }
    }
}

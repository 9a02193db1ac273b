package io.seleucia.chat.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A chat server in a process of its own, which can be killed, and started again on the same port and store. */
final class ServerProcess implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;
    private static final int ATTEMPTS = 5;
    private static final int TERMINATED = 128 + 15;

    private final String store;
    private final Path log;
    private int port;
    private Process process;

    private ServerProcess(String store, Path log) {
        this.store = store;
        this.log = log;
    }

    /**
     * Starts one on any free port.
     *
     * @param store see {@link ServerMain}
     */
    static ServerProcess begin(String store) throws IOException {
        ServerProcess server = new ServerProcess(store, Files.createTempFile("server", ".log"));
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
            BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
            String line = out.readLine();
            if (line != null) {
                port = Integer.parseInt(line);
                return;
            }
            if (attempt == ATTEMPTS) { // where its port is taken, by a connection that just got the same number
                throw new IOException("the server does not start:\n" + log());
            }
        }
    }

    private Process launch() throws IOException {
        return new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "-Dslf4j.internal.verbosity=ERROR",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ServerMain.class.getName(),
                        Integer.toString(port),
                        store))
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    /** Ends it at once, as {@code kill -9} does. */
    void kill() {
        process.destroyForcibly()
                .onExit()
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
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

    /** What all its lives have written to standard error. */
    String log() {
        try {
            return "--- server on port " + port + "\n" + Files.readString(log);
        } catch (IOException e) {
            return "the log can't be read: " + e.getMessage();
        }
    }

    @Override
    public void close() throws IOException {
        kill();
        Files.delete(log);
    }
}

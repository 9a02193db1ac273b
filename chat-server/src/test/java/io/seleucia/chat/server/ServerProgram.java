package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The server program in a process of its own, which can be killed and started again on the same port and journal. */
final class ServerProgram implements AutoCloseable {
    private static final Pattern LISTENING = Pattern.compile("listening on ws://localhost:(\\d+)/.*");
    private static final long PATIENCE_SECONDS = 60;

    private final Path directory;
    private final List<String> flags;
    private int port;
    private Process process;

    /** Starts it, on any free port, with further flags. */
    ServerProgram(Path directory, String... flags) throws IOException {
        this.directory = directory;
        this.flags = List.of(flags);
        start();
    }

    String url() {
        return "http://localhost:" + port + "/";
    }

    /** Starts it again. It listens when this returns. */
    void start() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "--port=" + port,
                "--tcp-port=off",
                "--data-dir=" + directory.resolve("journal")));
        command.addAll(flags);
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("errors").toFile()))
                .start();
        String line = process.inputReader().readLine();
        assertThat(line).isNotNull();
        Matcher listening = LISTENING.matcher(line);
        assertThat(listening.matches()).as(line).isTrue();
        port = Integer.parseInt(listening.group(1));
    }

    /** Returns what it has written to its log. */
    String log() {
        try {
            return Files.readString(directory.resolve("errors"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return port;
    }

    /** Ends it as {@code kill -9} does. */
    void kill() {
        process.destroyForcibly()
                .onExit()
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
    }

    @Override
    public void close() {
        kill();
    }
}

package io.seleucia.chat.server.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/** The packaged server program in a process of its own with a small heap, on free ports, with default settings otherwise. */
final class PackagedServer implements AutoCloseable {
    private static final Path JAR = Path.of(System.getProperty("hostile.jar", "target/chat-server.jar"));
    private static final Pattern LISTENING =
            Pattern.compile("listening on wss?://localhost:(\\d+)/.* management (http://localhost:\\d+/)");
    private static final Pattern HEAP = Pattern.compile("(?m)^jvm_heap_used_bytes (\\S+)$");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Path log;
    private final Process process;
    private final int port;
    private final URI management;
    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(PATIENCE)
            .version(HttpClient.Version.HTTP_1_1)
            .build();

    /** Starts one; the test is skipped where the program has not been packaged. */
    PackagedServer(String... settings) throws IOException {
        Assumptions.assumeTrue(Files.exists(JAR), "there is no " + JAR + ": mvn verify makes it and runs this test");
        log = Files.createTempFile("server", ".log");
        List<String> command = new ArrayList<>(List.of(
                java("java"), "-Xmx128m", "-jar", JAR.toString(), "--port=0", "--tcp-port=0", "--management-port=0"));
        command.addAll(List.of(settings));
        process = new ProcessBuilder(command).redirectError(log.toFile()).start();
        String line = process.inputReader().readLine();
        Matcher listening = LISTENING.matcher(String.valueOf(line).replaceFirst(" tcps?://localhost:\\d+", ""));
        if (!listening.matches()) {
            close();
            throw new AssertionError("the server does not start: " + line);
        }
        port = Integer.parseInt(listening.group(1));
        management = URI.create(listening.group(2));
    }

    private static String java(String program) {
        return Path.of(System.getProperty("java.home"), "bin", program).toString();
    }

    /** Runs another command of the program and waits for its end. */
    static void run(String input, String... arguments) throws Exception {
        Assumptions.assumeTrue(Files.exists(JAR), "there is no " + JAR);
        List<String> command = new ArrayList<>(List.of(java("java"), "-jar", JAR.toString()));
        command.addAll(List.of(arguments));
        Process run = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var in = run.outputWriter()) {
            in.write(input);
        }
        String output = new String(run.getInputStream().readAllBytes());
        assertThat(run.waitFor()).as(output).isZero();
    }

    int port() {
        return port;
    }

    int managementPort() {
        return management.getPort();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What it has written to standard error. */
    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return "the log can't be read: " + e.getMessage();
        }
    }

    /** Returns how long {@code /health} took to say that all is well. Fails if it says something else. */
    Duration health() throws Exception {
        long began = System.nanoTime();
        assertThat(get("health")).contains("\"ok\":true");
        return Duration.ofNanos(System.nanoTime() - began);
    }

    /** Returns the text of the metrics. */
    String metrics() throws Exception {
        return get("metrics");
    }

    /** Collects garbage and returns what the heap holds then, in bytes. */
    long heap() throws Exception {
        Process collection = new ProcessBuilder(
                        java("jcmd"), "-J-XX:TieredStopAtLevel=1", Long.toString(process.pid()), "GC.run")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(collection.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        Matcher heap = HEAP.matcher(metrics());
        assertThat(heap.find()).isTrue();
        return (long) Double.parseDouble(heap.group(1));
    }

    private String get(String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(management.resolve(path))
                .timeout(PATIENCE)
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly()
                .onExit()
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
        Files.delete(log);
    }
}

package io.seleucia.chat.examples;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Limits;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The server that {@link FanoutBenchmark} starts, in a process of its own, so that its CPU time and memory are not the
 * load's. It ends with its parent, however that ends: at the latest when its standard input does.
 */
final class FanoutServer implements AutoCloseable {
    /** Makes the benchmark's main method be the server's. */
    static final String ARGUMENT = "server";

    private static final int START_SECONDS = 30;
    private static final int END_SECONDS = 5;
    private static final int QUEUE_BYTES = 64 * 1024 * 1024;

    private final Process process;
    private final int port;

    private FanoutServer(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** What the child process does: prints its port, then serves until its standard input ends. */
    static void serve() throws IOException {
        // The load is one client at one address; what it has outstanding bounds the queues.
        Limits limits = Limits.DEFAULT
                .withRateMessages(Integer.MAX_VALUE)
                .withRateBurst(Integer.MAX_VALUE)
                .withMaxConnections(Integer.MAX_VALUE)
                .withMaxConnectionsPerAddress(Integer.MAX_VALUE)
                .withOutboundQueueBytes(QUEUE_BYTES);
        try (var server = ChatServer.builder().port(0).limits(limits).start()) {
            System.out.println(server.port());
            System.in.transferTo(OutputStream.nullOutputStream());
        }
    }

    /** Starts the process and waits until it listens. */
    static FanoutServer start() throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        FanoutBenchmark.class.getName(),
                        ARGUMENT)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        Optional<Integer> port = port(process);
        FanoutServer server = new FanoutServer(process, port.orElse(0));
        if (port.isEmpty()) {
            server.close();
            throw new IOException("the server's process has ended, or did not listen within " + START_SECONDS + " s");
        }
        return server;
    }

    private static Optional<Integer> port(Process process) {
        try {
            return CompletableFuture.supplyAsync(() -> firstLine(process))
                    .get(START_SECONDS, TimeUnit.SECONDS)
                    .filter(line -> line.matches("[0-9]{1,5}"))
                    .map(Integer::valueOf);
        } catch (ExecutionException | TimeoutException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private static Optional<String> firstLine(Process process) {
        try {
            return Optional.ofNullable(process.inputReader().readLine());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ProcessHandle process() {
        return process.toHandle();
    }

    URI url() {
        return URI.create("ws://localhost:" + port + "/");
    }

    /** Ends the process. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}

package io.seleucia.chat.examples.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A {@link ServerProgram} in a process of its own, so that its CPU time and memory are not the load's. */
final class ServerProcess implements Server {
    private static final int START_SECONDS = 30;
    private static final int END_SECONDS = 5;

    private final Process process;
    private final int port;

    private ServerProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts the process and waits until it listens. */
    static ServerProcess start(Pinning pinning, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(pinning.serverPrefix());
        command.add(jdk("java").toString());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ServerProgram.class.getName()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Optional<Integer> port = port(process);
        ServerProcess server = new ServerProcess(process, port.orElse(0));
        if (port.isEmpty()) {
            server.close();
            throw new IOException("the server's process has ended, or did not listen within " + START_SECONDS + " s");
        }
        return server;
    }

    private static Path jdk(String program) {
        return Path.of(System.getProperty("java.home"), "bin", program);
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

    @Override
    public URI url(Scenario scenario) {
        String path = scenario == Scenario.ECHO ? ServerProgram.ECHO_PATH : "/";
        return URI.create("ws://localhost:" + port + path);
    }

    @Override
    public Optional<Duration> cpu() {
        return process.info().totalCpuDuration();
    }

    /** Linux only: nothing in the JDK tells another process's memory. */
    @Override
    public OptionalLong residentBytes() {
        try {
            return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                    .findFirst();
        } catch (IOException e) {
            return OptionalLong.empty(); // another system
        }
    }

    /** By a class histogram, which collects the garbage first; a Java without the tools of a JDK can't. */
    @Override
    public OptionalLong liveHeapBytes() {
        if (!Files.isExecutable(jdk("jcmd"))) {
            return OptionalLong.empty();
        }
        try {
            Process jcmd = new ProcessBuilder(
                            jdk("jcmd").toString(), Long.toString(process.pid()), "GC.class_histogram")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return jcmd.inputReader()
                    .lines()
                    .filter(line -> line.startsWith("Total"))
                    .mapToLong(line -> Long.parseLong(line.strip().split("\\s+")[2]))
                    .findFirst();
        } catch (IOException e) {
            return OptionalLong.empty(); // as good as not there
        }
    }

    /** Ends the process. */
    @Override
    public void close() {
        try {
            process.outputWriter().close();
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}

package io.seleucia.chat.examples.benchmark;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** A {@link ServerProgram} in a process of its own, so that its CPU time and memory are not the load's. */
public final class ServerProcess implements Server {
    private static final int START_SECONDS = 30;
    private static final Path JCMD = Path.of(System.getProperty("java.home"), "bin", "jcmd");

    private final ChildProcess process;
    private final int port;

    private ServerProcess(ChildProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts one whose channels are in a Redis, and waits until it listens. */
    public static ServerProcess over(URI redis) throws IOException {
        return start(Pinning.NONE, List.of(ServerProgram.REDIS, redis.toString()));
    }

    /** Starts the process and waits until it listens. */
    static ServerProcess start(Pinning pinning, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(pinning.serverPrefix());
        command.addAll(ChildProcess.java(ServerProgram.class, arguments));
        ChildProcess process = new ChildProcess("a server", command);
        try {
            return new ServerProcess(process, Integer.parseInt(process.answer(START_SECONDS)));
        } catch (IOException | NumberFormatException e) {
            process.close();
            throw new IOException(
                    "the server's process has ended, or did not listen within " + START_SECONDS + " s", e);
        }
    }

    /** Where it listens, on the loopback. */
    public int port() {
        return port;
    }

    @Override
    public URI url(Scenario scenario) {
        String path = scenario == Scenario.ECHO ? ServerProgram.ECHO_PATH : "/";
        return URI.create("ws://localhost:" + port + path);
    }

    @Override
    public Optional<Duration> cpu() {
        return process.handle().info().totalCpuDuration();
    }

    /** Linux only: nothing in the JDK tells another process's memory. */
    @Override
    public OptionalLong residentBytes() {
        try {
            return Files.readAllLines(Path.of("/proc/" + process.handle().pid() + "/status")).stream()
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
        if (!Files.isExecutable(JCMD)) {
            return OptionalLong.empty();
        }
        try {
            Process jcmd = new ProcessBuilder(
                            JCMD.toString(), Long.toString(process.handle().pid()), "GC.class_histogram")
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

    /** Ends the process as {@code kill -9} does, and waits until it is gone. */
    public void kill() throws IOException {
        process.kill();
    }

    /** Ends the process. */
    @Override
    public void close() {
        process.close();
    }
}

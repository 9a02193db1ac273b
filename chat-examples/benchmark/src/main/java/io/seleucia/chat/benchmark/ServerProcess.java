package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** A {@link ServerProgram} in its own process, so that its CPU time and memory are not the load's. */
public final class ServerProcess implements Server {
    private static final int START_SECONDS = 30;
    private static final Path JCMD = Path.of(System.getProperty("java.home"), "bin", "jcmd");

    private final ChildProcess process;
    private final int port;

    private ServerProcess(ChildProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts a server over Redis. Blocks until it listens. */
    public static ServerProcess over(URI redis) throws IOException {
        return start(Pinning.NONE, List.of(ServerProgram.REDIS, redis.toString()));
    }

    /** Starts a server. Blocks until it listens. */
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

    /** Returns the port on the loopback. */
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

    /** Linux only: the JDK has no way to ask for the memory of another process. */
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

    /** Uses a class histogram, which collects garbage first. Needs the tools of a JDK. */
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
            return OptionalLong.empty(); // as without jcmd
        }
    }

    /** Ends the process as {@code kill -9} does. Blocks until it has ended. */
    public void kill() throws IOException {
        process.kill();
    }

    @Override
    public void close() {
        process.close();
    }
}

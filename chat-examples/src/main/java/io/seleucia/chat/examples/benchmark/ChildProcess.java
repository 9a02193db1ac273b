package io.seleucia.chat.examples.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A process that the benchmark has started, and talks with in lines. It is to end when its standard input does: so it ends
 * with this process, however that ends. What it says on standard error is said here. A thread reads what it prints.
 */
public final class ChildProcess implements AutoCloseable {
    private static final int END_SECONDS = 10;

    private final String name;
    private final Process process;
    private final Writer in;
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>(); // nothing is the end

    /**
     * Starts it.
     *
     * @param name what errors call it
     */
    public ChildProcess(String name, List<String> command) throws IOException {
        this.name = name;
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        in = process.outputWriter();
        Thread.ofPlatform().daemon().name(name).start(this::read);
    }

    /** The command that runs a program of the benchmark in a JVM such as this one. */
    public static List<String> java(Class<?> program, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                program.getName()));
        command.addAll(arguments);
        return command;
    }

    private void read() {
        try (BufferedReader out = process.inputReader()) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                lines.add(Optional.of(line));
            }
        } catch (IOException e) {
            System.err.println(name + " says nothing more: " + e.getMessage());
        }
        lines.add(Optional.empty());
    }

    /** Tells it something, in a line. */
    public void tell(String line) throws IOException {
        in.write(line + "\n");
        in.flush();
    }

    /**
     * The next line that it prints, which is waited for.
     *
     * @throws IOException if it has ended, or does not answer in so many seconds
     */
    public String answer(int seconds) throws IOException {
        try {
            Optional<String> line = lines.poll(seconds, TimeUnit.SECONDS);
            if (line == null) {
                throw new IOException(name + " does not answer");
            }
            return line.orElseThrow(() -> new IOException(name + " has ended"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** The process, as others on this machine see it. */
    ProcessHandle handle() {
        return process.toHandle();
    }

    /** Ends it as {@code kill -9} does, and waits until it is gone. */
    public void kill() throws IOException {
        try {
            handle().destroyForcibly(); // the process itself would close what is being read
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(name + " can't be killed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Has it end, and kills it if it does not. */
    @Override
    public void close() {
        try {
            in.close();
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                handle().destroyForcibly();
            }
        } catch (IOException e) {
            handle().destroyForcibly(); // it listens no more
        } catch (InterruptedException e) {
            handle().destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}

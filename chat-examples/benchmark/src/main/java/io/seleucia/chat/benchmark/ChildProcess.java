package io.seleucia.chat.benchmark;

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
 * A process that reads and prints lines, and inherits standard error. It must end when its standard input ends, which happens
 * even if this process is killed. A thread reads its output.
 */
public final class ChildProcess implements AutoCloseable {
    private static final int END_SECONDS = 10;

    private final String name;
    private final Process process;
    private final Writer in;
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>(); // empty at the end

    /**
     * Starts the process.
     *
     * @param name for error messages
     */
    public ChildProcess(String name, List<String> command) throws IOException {
        this.name = name;
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        in = process.outputWriter();
        Thread.ofPlatform().daemon().name(name).start(this::read);
    }

    /** Returns the command that runs a program of the benchmark in a JVM like this one. */
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
            System.err.println(name + "'s output can't be read: " + e.getMessage());
        }
        lines.add(Optional.empty());
    }

    /** Sends a line. */
    public void tell(String line) throws IOException {
        in.write(line + "\n");
        in.flush();
    }

    /**
     * Returns the next line of output. Blocks until there is one.
     *
     * @throws IOException if the process has ended, or does not answer within a time
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

    ProcessHandle handle() {
        return process.toHandle();
    }

    /** Ends the process as {@code kill -9} does. Blocks until it has ended. */
    public void kill() throws IOException {
        try {
            handle().destroyForcibly(); // Process.destroyForcibly would close the output while it is read
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(name + " can't be killed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Ends the input, and kills the process if it does not end. */
    @Override
    public void close() {
        try {
            in.close();
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                handle().destroyForcibly();
            }
        } catch (IOException e) {
            handle().destroyForcibly(); // it no longer reads
        } catch (InterruptedException e) {
            handle().destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}

package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The processors of the server, set by the Linux program taskset.
 *
 * @param serverCpus a list for taskset; empty for any
 */
public record Pinning(Optional<String> serverCpus) {
    /** No restriction. */
    public static final Pinning NONE = new Pinning(Optional.empty());

    /**
     * Reserves processors for the server, and confines this process to the others. If that fails, reports it and pins
     * nothing.
     */
    static Pinning of(String serverCpus) {
        try {
            String self = Long.toString(ProcessHandle.current().pid());
            String affinity = taskset("-cp", self);
            SortedSet<Integer> others =
                    cpus(affinity.substring(affinity.lastIndexOf(':') + 1).strip());
            SortedSet<Integer> server = cpus(serverCpus);
            if (!others.containsAll(server) || !others.removeAll(server) || others.isEmpty()) {
                throw new IOException("this process may use the processors " + affinity.replaceAll(".*: *", "")
                        + ", and at least one must remain for the load");
            }
            taskset("-acp", others.stream().map(String::valueOf).collect(Collectors.joining(",")), self);
            return new Pinning(Optional.of(serverCpus));
        } catch (IOException e) {
            System.err.println("nothing is pinned: " + e.getMessage());
            return NONE;
        }
    }

    /** Returns the words before the server's command. */
    List<String> serverPrefix() {
        return serverCpus.map(cpus -> List.of("taskset", "-c", cpus)).orElse(List.of());
    }

    /** Returns the numbers in a list such as {@code 0-2,5}. */
    static SortedSet<Integer> cpus(String list) {
        SortedSet<Integer> cpus = new TreeSet<>();
        for (String range : list.split(",")) {
            String[] ends = range.split("-");
            for (int cpu = Integer.parseInt(ends[0]); cpu <= Integer.parseInt(ends[ends.length - 1]); cpu++) {
                cpus.add(cpu);
            }
        }
        return cpus;
    }

    private static String taskset(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("taskset"));
        command.addAll(List.of(arguments));
        Process taskset = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(taskset.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        try {
            if (taskset.waitFor() != 0) {
                throw new IOException(output);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        return output;
    }
}

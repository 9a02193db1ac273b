package io.seleucia.chat.examples.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which processors the server has, and which the load, by the Linux program taskset.
 *
 * @param serverCpus the server's, as taskset takes them; none if it may use any
 */
public record Pinning(Optional<String> serverCpus) {
    /** Everybody may use any processor. */
    public static final Pinning NONE = new Pinning(Optional.empty());

    /**
     * Leaves these processors to the server, and confines this process to the others that it may use. Where that does
     * not work it says so, and nothing is pinned.
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
                        + ", and one at least must be left for the load");
            }
            taskset("-acp", others.stream().map(String::valueOf).collect(Collectors.joining(",")), self);
            return new Pinning(Optional.of(serverCpus));
        } catch (IOException e) {
            System.err.println("nothing is pinned: " + e.getMessage());
            return NONE;
        }
    }

    /** What stands before the server's command. */
    List<String> serverPrefix() {
        return serverCpus.map(cpus -> List.of("taskset", "-c", cpus)).orElse(List.of());
    }

    /** The numbers in a list such as {@code 0-2,5}. */
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

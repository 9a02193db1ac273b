package io.seleucia.chat.benchmark.scaling;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** Facts about the machine that Linux tells; on other systems they are unknown. */
final class Machine {
    private static final String LINE = "Max open files";
    private static final int LOOPBACKS = 8;
    private static final int COUNTED = 8; // user, nice, system, idle, iowait, irq, softirq, steal
    private static final Set<Integer> IDLE = Set.of(4, 5);
    private static final long TICK_NANOS = 10_000_000;
    private static final long UNKNOWN = Integer.MAX_VALUE;

    private Machine() {}

    /** Returns the limit of open files for this process and its children; a very large number if unknown. */
    static long descriptors() {
        try {
            return Files.readAllLines(Path.of("/proc/self/limits")).stream()
                    .filter(line -> line.startsWith(LINE))
                    .map(line -> line.substring(LINE.length()).strip().split("\\s+")[0])
                    .filter(limit -> limit.matches("[0-9]{1,9}"))
                    .mapToLong(Long::parseLong)
                    .findFirst()
                    .orElse(UNKNOWN);
        } catch (IOException e) {
            return UNKNOWN; // another system
        }
    }

    /**
     * Returns loopback addresses for clients; empty if only the usual one is known. From a single address, connecting takes a
     * hundred times as long when half of the ports are in use.
     */
    static List<InetAddress> loopbacks() throws IOException {
        if (!Files.exists(Path.of("/proc/self/limits"))) {
            return List.of(); // another system
        }
        List<InetAddress> addresses = new ArrayList<>();
        for (int last = 1; last <= LOOPBACKS; last++) {
            addresses.add(InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last}));
        }
        return addresses;
    }

    /** Returns the busy time of all processors in nanoseconds, including time stolen from a virtual machine. */
    static OptionalLong busyNanos() {
        try {
            String[] words =
                    Files.readAllLines(Path.of("/proc/stat")).getFirst().split("\\s+");
            long ticks = 0;
            for (int i = 1; i <= COUNTED; i++) {
                ticks += IDLE.contains(i) ? 0 : Long.parseLong(words[i]);
            }
            return OptionalLong.of(ticks * TICK_NANOS);
        } catch (IOException e) {
            return OptionalLong.empty(); // another system
        }
    }
}

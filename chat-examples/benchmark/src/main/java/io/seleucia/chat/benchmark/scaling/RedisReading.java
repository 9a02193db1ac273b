package io.seleucia.chat.benchmark.scaling;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The figures of INFO at one moment, or their increase between two.
 *
 * @param nanos the time, as {@link System#nanoTime}
 * @param cpuSeconds used CPU time
 * @param memory bytes of the data
 * @param aofBytes size of the append-only file
 * @param outBytes bytes sent
 * @param commands executed commands, also in scripts; the time of {@code evalsha} includes theirs
 */
record RedisReading(
        long nanos, double cpuSeconds, long memory, long aofBytes, long outBytes, Map<String, Calls> commands) {
    /** The executions of a command and their total time. */
    record Calls(long count, long micros) {}

    /** Parses the reply to INFO ALL. Missing figures are 0. */
    static RedisReading of(String info, long nanos) {
        Map<String, String> fields = new HashMap<>();
        Map<String, Calls> commands = new TreeMap<>();
        info.lines().filter(line -> !line.startsWith("#") && line.contains(":")).forEach(line -> {
            String[] field = line.strip().split(":", 2);
            if (field[0].startsWith("cmdstat_")) {
                commands.put(field[0].substring("cmdstat_".length()), calls(field[1]));
            } else {
                fields.put(field[0], field[1]);
            }
        });
        return new RedisReading(
                nanos,
                number(fields, "used_cpu_user") + number(fields, "used_cpu_sys"),
                (long) number(fields, "used_memory"),
                (long) number(fields, "aof_current_size"),
                (long) number(fields, "total_net_output_bytes"),
                commands);
    }

    private static Calls calls(String text) {
        Map<String, String> parts = new HashMap<>();
        for (String part : text.split(",")) {
            String[] pair = part.split("=", 2);
            parts.put(pair[0], pair[pair.length - 1]);
        }
        return new Calls((long) number(parts, "calls"), (long) number(parts, "usec"));
    }

    private static double number(Map<String, String> fields, String name) {
        return Double.parseDouble(fields.getOrDefault(name, "0"));
    }

    RedisReading since(RedisReading before) {
        Map<String, Calls> more = new LinkedHashMap<>();
        commands.forEach((name, calls) -> {
            Calls earlier = before.commands.getOrDefault(name, new Calls(0, 0));
            if (calls.count > earlier.count) {
                more.put(name, new Calls(calls.count - earlier.count, calls.micros - earlier.micros));
            }
        });
        return new RedisReading(
                nanos - before.nanos,
                cpuSeconds - before.cpuSeconds,
                memory - before.memory,
                aofBytes - before.aofBytes,
                outBytes - before.outBytes,
                more);
    }

    double seconds() {
        return nanos / 1e9;
    }
}

package io.seleucia.chat.examples.benchmark.scaling;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What Redis says of itself by INFO, at one moment.
 *
 * @param nanos when, as {@link System#nanoTime}
 * @param cpuSeconds that it has used
 * @param memory that its data takes, in bytes
 * @param aofBytes that the append-only file has
 * @param outBytes that it has sent
 * @param commands what was executed, in scripts too; {@code evalsha} takes the time of what is in the script
 */
record RedisReading(
        long nanos, double cpuSeconds, long memory, long aofBytes, long outBytes, Map<String, Calls> commands) {
    /** How often something was executed, and how long that took in all. */
    record Calls(long count, long micros) {
        private Calls minus(Calls before) {
            return new Calls(count - before.count, micros - before.micros);
        }
    }

    /** Reads what INFO ALL answers. What is missing is 0. */
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

    /** What has come between an earlier reading and this one. */
    RedisReading since(RedisReading before) {
        Map<String, Calls> more = new LinkedHashMap<>();
        commands.forEach((name, calls) -> {
            Calls difference = calls.minus(before.commands.getOrDefault(name, new Calls(0, 0)));
            if (difference.count > 0) {
                more.put(name, difference);
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

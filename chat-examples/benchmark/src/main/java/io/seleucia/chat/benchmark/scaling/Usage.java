package io.seleucia.chat.benchmark.scaling;

import java.util.OptionalLong;

/**
 * The use of resources up to a moment, or between two.
 *
 * @param serverNanos CPU time of all servers together
 * @param loadNanos CPU time of all processes of the load
 * @param machineNanos CPU time of everything on this machine, if known
 */
record Usage(RedisReading redis, long serverNanos, long loadNanos, OptionalLong machineNanos) {
    Usage since(Usage before) {
        OptionalLong machine = machineNanos.isPresent() && before.machineNanos.isPresent()
                ? OptionalLong.of(machineNanos.getAsLong() - before.machineNanos.getAsLong())
                : OptionalLong.empty();
        return new Usage(
                redis.since(before.redis), serverNanos - before.serverNanos, loadNanos - before.loadNanos, machine);
    }

    double seconds() {
        return redis.seconds();
    }

    /** Returns the CPU time of other programs on this machine. */
    OptionalLong othersNanos() {
        return machineNanos.isEmpty()
                ? machineNanos
                : OptionalLong.of(Math.max(
                        0, machineNanos.getAsLong() - serverNanos - loadNanos - (long) (redis.cpuSeconds() * 1e9)));
    }
}

package io.seleucia.chat.examples.benchmark.scaling;

import java.util.OptionalLong;

/**
 * What has been used up to a moment, or between two.
 *
 * @param redis what Redis says
 * @param serverNanos CPU time of all servers together
 * @param loadNanos CPU time of all processes of the load
 * @param machineNanos CPU time of everything on this machine, where that can be told
 */
record Usage(RedisReading redis, long serverNanos, long loadNanos, OptionalLong machineNanos) {
    /** What was used between an earlier moment and this one. */
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

    /** CPU time of what has nothing to do with all this. */
    OptionalLong othersNanos() {
        return machineNanos.isEmpty()
                ? machineNanos
                : OptionalLong.of(Math.max(
                        0, machineNanos.getAsLong() - serverNanos - loadNanos - (long) (redis.cpuSeconds() * 1e9)));
    }
}

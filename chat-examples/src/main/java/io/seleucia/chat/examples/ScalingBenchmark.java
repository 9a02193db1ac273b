package io.seleucia.chat.examples;

import io.seleucia.chat.examples.benchmark.scaling.Scaling;

/**
 * Measures how the server grows: several of them over one Redis, with clients in other processes. Needs a redis-server,
 * and Jedis on the class path. {@code --help} lists what can be asked for, and docs/performance.md says how to read what
 * comes out.
 */
public final class ScalingBenchmark {
    private ScalingBenchmark() {}

    /** Runs the benchmark. */
    public static void main(String... args) {
        System.exit(Scaling.run(args));
    }
}

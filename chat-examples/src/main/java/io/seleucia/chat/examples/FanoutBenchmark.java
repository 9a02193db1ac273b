package io.seleucia.chat.examples;

import io.seleucia.chat.examples.benchmark.Benchmark;

/**
 * Measures the server: how many messages it brings to how many members, how long that takes, and what it costs; against
 * a server on a plain selector that does the same and nothing else. {@code --help} lists what can be asked for, and
 * docs/performance.md says how to read what comes out.
 */
public final class FanoutBenchmark {
    private FanoutBenchmark() {}

    /** Runs the benchmark. */
    public static void main(String... args) {
        System.exit(Benchmark.run(args));
    }
}

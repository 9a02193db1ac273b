package io.seleucia.chat.benchmark;

import io.seleucia.chat.broker.Fsync;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Measures throughput, latency and cost of the server's deliveries, in turn with a server on a plain selector that only
 * broadcasts. {@code --help} lists the options, and docs/performance.md explains the results. The load runs in the main
 * thread.
 */
public final class FanoutBenchmark {
    private final Options options;
    private final Pinning pinning;
    private final List<Candidate> candidates = new ArrayList<>();
    private final Progress progress;
    private final List<String> failures = new ArrayList<>();

    private FanoutBenchmark(Options options) {
        this.options = options;
        pinning = options.cpus().map(Pinning::of).orElse(Pinning.NONE);
        if (options.url().isPresent()) {
            candidates.add(Candidate.running(options.url().get()));
        } else {
            options.servers().forEach(kind -> candidates.add(Candidate.of(kind, pinning)));
            Optional<Fsync> journal = options.journal();
            journal.ifPresent(fsync -> candidates.add(Candidate.withJournal(fsync, pinning)));
            options.redis().ifPresent(redis -> candidates.add(Candidate.overRedis(redis, pinning)));
        }
        progress = new Progress(options.workloads().size() * rounds() * candidates.size());
    }

    /** Runs the benchmark and exits. */
    public static void main(String... args) {
        System.exit(run(args));
    }

    /** Does what the arguments say, and returns the exit status. */
    static int run(String... args) {
        return Arguments.run(Options.USAGE, Options::of, options -> new FanoutBenchmark(options).run(), args);
    }

    /** Returns how often each server is measured: a server that was already running only once. */
    private int rounds() {
        return options.url().isPresent() ? 1 : options.pairs();
    }

    /** Runs every scenario with every server. Returns whether every receiver got every message, once and in order. */
    private boolean run() throws IOException {
        List<Comparison> comparisons = new ArrayList<>();
        for (Workload workload : options.workloads()) {
            Comparison comparison = compare(workload);
            comparisons.add(comparison);
            if (!options.json() && !comparison.servers().isEmpty()) {
                System.out.println(Table.of(comparison));
            }
        }
        if (options.json()) {
            System.out.println(JsonReport.of(options, pinning, comparisons, failures));
        }
        return failures.isEmpty();
    }

    /** Measures one scenario. If it fails with one server, there is nothing to compare and it ends. */
    private Comparison compare(Workload workload) {
        Comparison comparison = new Comparison(workload);
        for (int round = 0; round < rounds(); round++) {
            for (Candidate candidate : candidates) {
                progress.begin(workload, candidate);
                try (Server server = candidate.start().server()) {
                    Result result = Run.of(server, workload, options, progress);
                    progress.done(workload, result);
                    comparison.add(candidate.name(), result);
                    if (!result.faults().equals(Faults.NONE)) {
                        fail(workload, candidate, result.faults().toString());
                    }
                } catch (IOException e) {
                    progress.failed(e);
                    fail(workload, candidate, e.getMessage());
                    return new Comparison(workload);
                }
            }
        }
        return comparison;
    }

    private void fail(Workload workload, Candidate candidate, String why) {
        failures.add(workload.scenario() + ", " + candidate.name() + ": " + why);
    }
}

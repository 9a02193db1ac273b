package io.seleucia.chat.examples.benchmark;

import io.seleucia.chat.broker.InMemoryBroker.Fsync;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs every scenario with every server, in turn, and reports. The load is the thread that calls. */
public final class Benchmark {
    private final Options options;
    private final Pinning pinning;
    private final List<Candidate> candidates = new ArrayList<>();
    private final Progress progress;
    private final List<String> failures = new ArrayList<>();

    private Benchmark(Options options) {
        this.options = options;
        pinning = options.cpus().map(Pinning::of).orElse(Pinning.NONE);
        if (options.url().isPresent()) {
            candidates.add(Candidate.running(options.url().get()));
        } else {
            options.servers().forEach(kind -> candidates.add(Candidate.of(kind, pinning)));
            Optional<Fsync> journal = options.journal();
            journal.ifPresent(fsync -> candidates.add(Candidate.withJournal(fsync, pinning)));
        }
        progress = new Progress(options.workloads().size() * rounds() * candidates.size());
    }

    /** Does what the arguments say, and returns the exit status. */
    public static int run(String... args) {
        return Arguments.run(Options.USAGE, Options::of, options -> new Benchmark(options).run(), args);
    }

    /** One that runs anyway is measured once. */
    private int rounds() {
        return options.url().isPresent() ? 1 : options.pairs();
    }

    /** Whether every receiver got every message, once and in order. */
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
        if (options.plot().isPresent()) {
            Files.writeString(options.plot().get(), Plot.of(comparisons));
        }
        return failures.isEmpty();
    }

    /** A scenario that fails with one server is given up for the others too: there would be nothing to compare. */
    private Comparison compare(Workload workload) {
        Comparison comparison = new Comparison(workload);
        for (int round = 0; round < rounds(); round++) {
            for (Candidate candidate : candidates) {
                progress.run(workload, candidate);
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

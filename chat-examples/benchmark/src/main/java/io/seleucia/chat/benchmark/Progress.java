package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Reports progress on standard error: every second if it is a terminal, and else after each run. */
final class Progress {
    private static final long SECOND = 1_000_000_000;
    private static final String CLEAR_LINE = "\r\033[K";

    private static final Set<Metric> BRIEF =
            EnumSet.of(Metric.RATE, Metric.SERVER_CPU, Metric.P50, Metric.P99, Metric.RESIDENT_EACH, Metric.HEAP_EACH);

    private final PrintStream out = System.err;
    private final boolean terminal = isTerminal();
    private final int runs;
    private int run;
    private String name = "";
    private String phase = "";
    private long begun;
    private long reportedAt;
    private long reportedCount;

    Progress(int runs) {
        this.runs = runs;
    }

    /** Asks a child process that inherits standard error, because the JDK can't tell. */
    private static boolean isTerminal() {
        try {
            return new ProcessBuilder("test", "-t", "2").inheritIO().start().waitFor() == 0;
        } catch (IOException e) {
            return false; // a system without the program test
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    void begin(Workload workload, Candidate candidate) {
        run++;
        name = "[%d/%d] %s, %s".formatted(run, runs, workload.scenario(), candidate.name());
        phase("starting");
        report(0, "");
    }

    void phase(String phase) {
        if (!this.phase.equals(phase)) {
            this.phase = phase;
            begun = System.nanoTime();
        }
    }

    void step(Load load) {
        long now = System.nanoTime();
        if (now - reportedAt >= SECOND) {
            long count = load.count();
            double rate = (count - reportedCount) * (double) SECOND / (now - reportedAt);
            report(count, count == 0 ? "%,d clients".formatted(load.ready()) : "%,.0f/s".formatted(rate));
        }
    }

    private void report(long count, String detail) {
        reportedAt = System.nanoTime();
        reportedCount = count;
        if (terminal) {
            out.printf("%s%s: %s, %d s, %s", CLEAR_LINE, name, phase, (reportedAt - begun) / SECOND, detail);
            out.flush();
        }
    }

    void done(Workload workload, Result result) {
        List<String> parts = new ArrayList<>();
        result.values().forEach((metric, value) -> {
            if (BRIEF.contains(metric)) {
                parts.add(metric.title(workload.scenario()) + " " + metric.format(value));
            }
        });
        if (!result.faults().equals(Faults.NONE)) {
            parts.add(result.faults().toString());
        }
        out.println((terminal ? CLEAR_LINE : "") + name + ": " + String.join(", ", parts));
    }

    void failed(IOException e) {
        out.printf("%s%s: %s failed: %s%n", terminal ? CLEAR_LINE : "", name, phase, e.getMessage());
    }
}

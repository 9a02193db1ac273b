package io.seleucia.chat.examples.benchmark;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Says on standard error how far it is: every second if that is a terminal, otherwise only when a run is over. */
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
    private long said;
    private long saidCount;

    Progress(int runs) {
        this.runs = runs;
    }

    /** A child that inherits it can tell; the JDK can't. */
    private static boolean isTerminal() {
        try {
            return new ProcessBuilder("test", "-t", "2").inheritIO().start().waitFor() == 0;
        } catch (IOException e) {
            return false; // not a system on which one could know
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** The next run begins. */
    void run(Workload workload, Candidate candidate) {
        run++;
        name = "[%d/%d] %s, %s".formatted(run, runs, workload.scenario(), candidate.name());
        phase("starting");
        say(0, "");
    }

    /** A part of the run begins. */
    void phase(String phase) {
        if (!this.phase.equals(phase)) {
            this.phase = phase;
            begun = System.nanoTime();
        }
    }

    /** The load has made a step. */
    void step(Load load) {
        long now = System.nanoTime();
        if (now - said >= SECOND) {
            long count = load.count();
            double rate = (count - saidCount) * (double) SECOND / (now - said);
            say(count, count == 0 ? "%,d clients".formatted(load.ready()) : "%,.0f/s".formatted(rate));
        }
    }

    private void say(long count, String how) {
        said = System.nanoTime();
        saidCount = count;
        if (terminal) {
            out.printf("%s%s: %s, %d s, %s", CLEAR_LINE, name, phase, (said - begun) / SECOND, how);
            out.flush();
        }
    }

    /** The run is over. */
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

    /** The run has come to nothing. */
    void failed(IOException e) {
        out.printf("%s%s: %s failed: %s%n", terminal ? CLEAR_LINE : "", name, phase, e.getMessage());
    }
}

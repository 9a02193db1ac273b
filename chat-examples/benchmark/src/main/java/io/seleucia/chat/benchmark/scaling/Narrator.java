package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.scaling.Status.Counter;
import java.io.PrintStream;

/** Reports progress on standard error: a line when a phase begins, and every ten seconds. */
final class Narrator {
    private static final long EVERY_NANOS = 10_000_000_000L;

    private final PrintStream out = System.err;
    private final String name;
    private String phase = "";
    private long began;
    private long said;

    Narrator(String name) {
        this.name = name;
    }

    void phase(String phase) {
        if (!this.phase.equals(phase)) {
            this.phase = phase;
            began = System.nanoTime();
            said = began;
            out.println(name + ": " + phase);
        }
    }

    void step(Status status) {
        long now = System.nanoTime();
        if (now - said > EVERY_NANOS) {
            said = now;
            out.printf(
                    "%s: %s, %d s, %,d of %,d clients ready, %,d subscriptions, %,d deliveries%s%n",
                    name,
                    phase,
                    (now - began) / 1_000_000_000,
                    status.count(Counter.READY),
                    status.count(Counter.CLIENTS),
                    status.count(Counter.SUBSCRIBED),
                    status.count(Counter.DELIVERED),
                    status.errors().isEmpty() ? "" : ", " + status.errors());
        }
    }

    void failed(Exception why) {
        out.println(name + ": " + phase + " failed: " + why.getMessage());
    }
}

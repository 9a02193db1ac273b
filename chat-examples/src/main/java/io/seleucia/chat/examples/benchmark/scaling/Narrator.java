package io.seleucia.chat.examples.benchmark.scaling;

import java.io.PrintStream;

/** Says on standard error how far it is: a line when a phase begins, and every ten seconds while it lasts. */
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

    /** A part of the run begins. */
    void phase(String phase) {
        if (!this.phase.equals(phase)) {
            this.phase = phase;
            began = System.nanoTime();
            said = began;
            out.println(name + ": " + phase);
        }
    }

    /** It goes on. */
    void step(Status status) {
        long now = System.nanoTime();
        if (now - said > EVERY_NANOS) {
            said = now;
            out.printf(
                    "%s: %s, %d s, %,d of %,d clients ready, %,d subscriptions, %,d deliveries%s%n",
                    name,
                    phase,
                    (now - began) / 1_000_000_000,
                    status.ready(),
                    status.clients(),
                    status.subscribed(),
                    status.delivered(),
                    status.errors().isEmpty() ? "" : ", " + status.errors());
        }
    }

    /** The run has come to nothing. */
    void failed(Exception why) {
        out.println(name + ": " + phase + " failed: " + why.getMessage());
    }
}

package io.seleucia.chat.examples.benchmark;

import java.io.IOException;

/** What clients do to a server, in the thread that calls {@link #step}. */
interface Load extends AutoCloseable {
    /** How long a step waits at the most. */
    long STEP_NANOS = 100_000_000;

    /** Does what is due, then waits a little for something to come. */
    void step() throws IOException;

    /** How many clients are there, subscribed if they are to be. */
    int ready();

    /** Whether all are. */
    boolean isReady();

    /** Begins, when all clients are there. */
    void start() throws IOException;

    /** Sends nothing more. */
    void stop();

    /** Whether all that was sent has come where it should. */
    boolean isDone();

    /** What was achieved up to now: deliveries, round trips or handshakes. */
    long count();

    /** How often clients have read up to now. */
    long reads();

    /** Where to note how long things take from now on. */
    void record(Latencies latencies);

    Faults faults();

    @Override
    void close() throws IOException;
}

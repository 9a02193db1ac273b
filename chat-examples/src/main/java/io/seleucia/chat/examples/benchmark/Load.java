package io.seleucia.chat.examples.benchmark;

import java.io.IOException;
import java.net.URI;

/** What clients do to a server, in the thread that calls {@link #step}. */
abstract class Load implements Client.Listener, AutoCloseable {
    /** How long a step waits at the most. */
    static final long STEP_NANOS = 100_000_000;

    private final Handshake handshake;
    private final Clients clients;
    private Latencies latencies = new Latencies();
    private long count;

    /** Without any connection yet. */
    Load(URI url, Dialect dialect) throws IOException {
        handshake = new Handshake(url, dialect.subprotocol());
        clients = new Clients();
    }

    /** Does what is due, then waits a little for something to come. */
    abstract void step() throws IOException;

    /** How many clients are there, subscribed if they are to be. */
    abstract int ready();

    /** Whether all are. */
    abstract boolean isReady();

    /** Begins, when all clients are there. */
    abstract void start() throws IOException;

    /** Sends nothing more. */
    abstract void stop();

    /** Whether all that was sent has come where it should. */
    abstract boolean isDone();

    abstract Faults faults();

    /** Begins to connect one more client. */
    final Client connect(int number) throws IOException {
        return clients.connect(number, handshake, this);
    }

    /** Waits for something to come for the clients, for so long at the most. */
    final void poll(long nanos) throws IOException {
        clients.poll(nanos);
    }

    /** One more is achieved, and took so long. */
    final void achieved(long nanos) {
        count++;
        latencies.record(nanos);
    }

    /** What was achieved up to now: deliveries, round trips or handshakes. */
    final long count() {
        return count;
    }

    /** How often clients have read up to now. */
    final long reads() {
        return clients.reads();
    }

    /** Where to note how long things take from now on. */
    final void record(Latencies latencies) {
        this.latencies = latencies;
    }

    @Override
    public final void close() throws IOException {
        clients.close();
    }
}

package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.net.URI;
import java.util.List;

/** The clients of a run, in the thread that calls {@link #step}. */
abstract class Load implements Client.Listener, AutoCloseable {
    /** Longest wait of a step. */
    static final long STEP_NANOS = 100_000_000;

    private final Handshake handshake;
    private final Clients clients;
    private Latencies latencies = new Latencies();
    private long count;

    Load(URI url, Dialect dialect) throws IOException {
        handshake = new Handshake(url, dialect.subprotocol());
        clients = new Clients(List.of());
    }

    /** Does due work, then polls for a short time. */
    abstract void step() throws IOException;

    /** Returns the number of clients that are connected and subscribed. */
    abstract int ready();

    abstract boolean isReady();

    abstract void start() throws IOException;

    abstract void stop();

    /** Returns whether everything sent has been delivered. */
    abstract boolean isDone();

    abstract Faults faults();

    final Client connect(int number) throws IOException {
        return clients.connect(number, handshake, this);
    }

    final void poll(long nanos) throws IOException {
        clients.poll(nanos);
    }

    /** Counts a delivery, round trip or handshake. */
    final void completed(long nanos) {
        count++;
        latencies.record(nanos);
    }

    /** Returns the number of deliveries, round trips or handshakes. */
    final long count() {
        return count;
    }

    final long reads() {
        return clients.reads();
    }

    /** Records latencies in a histogram from now on. */
    final void record(Latencies latencies) {
        this.latencies = latencies;
    }

    @Override
    public final void close() throws IOException {
        clients.close();
    }
}

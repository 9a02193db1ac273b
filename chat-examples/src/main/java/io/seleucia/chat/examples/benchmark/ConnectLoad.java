package io.seleucia.chat.examples.benchmark;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;

/** Handshakes, a number of them at a time: a client that is connected is cut off, and the next takes its place. */
final class ConnectLoad implements Load, Client.Listener {
    private final Workload workload;
    private final Clients clients;
    private final long[] begun; // by client
    private Latencies latencies = new Latencies();
    private int open;
    private boolean stopped;
    private long count;

    ConnectLoad(URI url, Dialect dialect, Workload workload) throws IOException {
        this.workload = workload;
        clients = new Clients(url, dialect.subprotocol());
        begun = new long[workload.members()];
    }

    @Override
    public void step() throws IOException {
        clients.poll(STEP_NANOS);
    }

    @Override
    public int ready() {
        return 0;
    }

    @Override
    public boolean isReady() {
        return true; // there is nothing to prepare
    }

    @Override
    public void start() throws IOException {
        for (int number = 0; number < workload.members(); number++) {
            connect(number);
        }
    }

    private void connect(int number) throws IOException {
        begun[number] = System.nanoTime();
        open++;
        clients.connect(number, this);
    }

    @Override
    public void opened(Client client, long now) throws IOException {
        latencies.record(now - begun[client.number()]);
        count++;
        open--;
        client.close();
        if (!stopped) {
            connect(client.number());
        }
    }

    @Override
    public void received(Client client, ByteBuffer in, int at, int length, long now) throws IOException {
        throw new IOException("the server sent a message that was not asked for");
    }

    @Override
    public void stop() {
        stopped = true;
    }

    @Override
    public boolean isDone() {
        return open == 0;
    }

    @Override
    public long count() {
        return count;
    }

    @Override
    public long reads() {
        return clients.reads();
    }

    @Override
    public void record(Latencies latencies) {
        this.latencies = latencies;
    }

    @Override
    public Faults faults() {
        return Faults.NONE;
    }

    @Override
    public void close() throws IOException {
        clients.close();
    }
}

package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;

/** Handshakes, a number of them at a time: each connected client is closed, and the next one takes its place. */
final class ConnectLoad extends Load {
    private final Workload workload;
    private final long[] begun; // by client
    private int connecting;
    private boolean stopped;

    ConnectLoad(URI url, Dialect dialect, Workload workload) throws IOException {
        super(url, dialect);
        this.workload = workload;
        begun = new long[workload.members()];
    }

    @Override
    void step() throws IOException {
        poll(STEP_NANOS);
    }

    @Override
    int ready() {
        return 0;
    }

    @Override
    boolean isReady() {
        return true; // nothing to prepare
    }

    @Override
    void start() throws IOException {
        for (int number = 0; number < workload.members(); number++) {
            begin(number);
        }
    }

    private void begin(int number) throws IOException {
        begun[number] = System.nanoTime();
        connecting++;
        connect(number);
    }

    @Override
    public void opened(Client client, long now) throws IOException {
        completed(now - begun[client.number()]);
        connecting--;
        client.close();
        if (!stopped) {
            begin(client.number());
        }
    }

    @Override
    public void received(Client client, ByteBuffer in, int at, int length, long now) throws IOException {
        throw new IOException("the server sent an unexpected message");
    }

    @Override
    void stop() {
        stopped = true;
    }

    @Override
    boolean isDone() {
        return connecting == 0;
    }

    @Override
    Faults faults() {
        return Faults.NONE;
    }
}

package io.seleucia.chat.transport;

import java.util.concurrent.atomic.LongAdder;

/** Counts the bytes of all connections of a server, inside TLS if there is TLS. Any thread. */
public final class WireBytes {
    private final LongAdder read = new LongAdder();
    private final LongAdder written = new LongAdder();

    void read(int bytes) {
        read.add(bytes);
    }

    void written(int bytes) {
        written.add(bytes);
    }

    /** Returns the bytes read. */
    public long bytesIn() {
        return read.sum();
    }

    /** Returns the bytes that the operating system has accepted. */
    public long bytesOut() {
        return written.sum();
    }
}

package io.seleucia.chat.transport;

import java.util.concurrent.atomic.LongAdder;

/** The bytes of all connections of a server, as they are inside TLS where there is TLS. For any thread. */
public final class WireBytes {
    private final LongAdder read = new LongAdder();
    private final LongAdder written = new LongAdder();

    /** Counts what one call has read. */
    void read(int bytes) {
        read.add(bytes);
    }

    /** Counts what one call has written. */
    void written(int bytes) {
        written.add(bytes);
    }

    /** The bytes that came. */
    public long bytesIn() {
        return read.sum();
    }

    /** The bytes that the operating system has taken. */
    public long bytesOut() {
        return written.sum();
    }
}

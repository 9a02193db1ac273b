package io.seleucia.chat.client;

import java.net.URI;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * The ways to reach servers that have worked: a WebSocket, unless none gets through to a server. Then it is HTTP for a while, in
 * which a WebSocket is tried again now and then. Any thread.
 */
final class Transports {
    private static final long REMEMBERED_NANOS = TimeUnit.MINUTES.toNanos(10);
    private static final long FIRST_PROBE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int SLOWER = 4;

    private final LongSupplier clock;
    private final ReentrantLock lock = new ReentrantLock(); // guards the next three
    private URI server; // for which HTTP is used; null for none
    private long until;
    private long probeNanos = FIRST_PROBE_NANOS; // until a WebSocket is tried again

    Transports(LongSupplier clock) {
        this.clock = clock;
    }

    /** Returns whether HTTP is used for a server without trying a WebSocket first. */
    boolean usesHttp(URI to) {
        lock.lock();
        try {
            return to.equals(server) && clock.getAsLong() - until < 0;
        } finally {
            lock.unlock();
        }
    }

    /** Notes that a WebSocket to a server did not get through. */
    void avoidWebSocket(URI to) {
        lock.lock();
        try {
            if (!to.equals(server)) {
                probeNanos = FIRST_PROBE_NANOS;
            }
            server = to;
            until = clock.getAsLong() + REMEMBERED_NANOS;
        } finally {
            lock.unlock();
        }
    }

    /** Notes that a WebSocket gets through again, or that HTTP does not. */
    void forget() {
        lock.lock();
        try {
            server = null;
            probeNanos = FIRST_PROBE_NANOS;
        } finally {
            lock.unlock();
        }
    }

    /** Returns how long to wait until a WebSocket is tried again; longer each time. */
    long nextProbeNanos() {
        lock.lock();
        try {
            long next = probeNanos;
            probeNanos = Math.min(SLOWER * probeNanos, REMEMBERED_NANOS);
            return next;
        } finally {
            lock.unlock();
        }
    }
}

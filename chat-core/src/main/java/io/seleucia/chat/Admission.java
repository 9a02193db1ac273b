package io.seleucia.chat;

import io.seleucia.chat.transport.Network;
import java.net.InetAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the connections of a server, on all its ports: how many there may be, in all and from one {@link Network}, and
 * how many of a network may be in their TLS handshakes. Any thread.
 */
final class Admission {
    /** TLS handshakes of one network at a time; more wait in line, so that other networks' don't wait behind them. */
    private static final int HANDSHAKES = 32;

    private final int maxConnections;
    private final int maxPerNetwork;
    private final AtomicInteger connections = new AtomicInteger();
    private final ConcurrentHashMap<Network, Integer> networks = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Network, Line> lines = new ConcurrentHashMap<>();

    /** Those of a network that are in their TLS handshakes, or wait for them. */
    private static final class Line {
        private final Semaphore places = new Semaphore(HANDSHAKES, true);
        private int members; // changed within the map's compute
    }

    /** A TLS handshake that is going on. */
    @FunctionalInterface
    interface Place extends AutoCloseable {
        @Override
        void close();
    }

    Admission(Limits limits) {
        this.maxConnections = limits.maxConnections();
        this.maxPerNetwork = limits.maxConnectionsPerAddress();
    }

    /** Counts a connection, unless it is one too many: those must not take the places of others. */
    boolean admit(InetAddress address) {
        Network network = Network.of(address);
        if (networks.merge(network, 1, Integer::sum) <= maxPerNetwork) {
            if (connections.incrementAndGet() <= maxConnections) {
                return true;
            }
            connections.decrementAndGet();
        }
        release(network);
        return false;
    }

    /** An admitted connection is gone. */
    void leave(InetAddress address) {
        connections.decrementAndGet();
        release(Network.of(address));
    }

    private void release(Network network) {
        networks.computeIfPresent(network, (key, count) -> count == 1 ? null : count - 1);
    }

    /**
     * Blocks until a connection of an admitted address may begin its TLS handshake.
     *
     * @param nanos the longest wait
     * @return its place, to be closed when the handshake is done, or null after the longest wait
     */
    Place beginHandshake(InetAddress address, long nanos) throws InterruptedException {
        Network network = Network.of(address);
        Line line = lines.compute(network, (key, known) -> {
            Line joined = known == null ? new Line() : known;
            joined.members++;
            return joined;
        });
        boolean begun = false;
        try {
            begun = line.places.tryAcquire(nanos, TimeUnit.NANOSECONDS);
        } finally {
            if (!begun) {
                leaveLine(network);
            }
        }
        return !begun
                ? null
                : () -> {
                    line.places.release();
                    leaveLine(network);
                };
    }

    private void leaveLine(Network network) {
        lines.computeIfPresent(network, (key, line) -> --line.members == 0 ? null : line);
    }
}

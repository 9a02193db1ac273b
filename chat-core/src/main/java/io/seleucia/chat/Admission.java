package io.seleucia.chat;

import java.net.InetAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the connections of a server, on all its ports: how many there may be, in all and from one address. */
final class Admission {
    private final int maxConnections;
    private final int maxPerAddress;
    private final AtomicInteger connections = new AtomicInteger();
    private final ConcurrentHashMap<InetAddress, Integer> addresses = new ConcurrentHashMap<>();

    Admission(Limits limits) {
        this.maxConnections = limits.maxConnections();
        this.maxPerAddress = limits.maxConnectionsPerAddress();
    }

    /** Counts a connection, unless it is one too many: those must not take the places of others. */
    boolean admit(InetAddress address) {
        if (addresses.merge(address, 1, Integer::sum) <= maxPerAddress) {
            if (connections.incrementAndGet() <= maxConnections) {
                return true;
            }
            connections.decrementAndGet();
        }
        release(address);
        return false;
    }

    /** An admitted connection is gone. */
    void leave(InetAddress address) {
        connections.decrementAndGet();
        release(address);
    }

    private void release(InetAddress address) {
        addresses.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
    }
}

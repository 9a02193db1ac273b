package io.seleucia.chat.accept;

import io.seleucia.chat.concurrent.FairGate;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.Network;
import io.seleucia.chat.session.Bans;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The limiter of a server's connections on all ports: of their number in all and from one {@link Network}, and of the TLS
 * handshakes of a network at a time. Charges each connection for its memory, and admits none while memory is short. Any
 * thread.
 */
public final class ConnectionLimiter {
    /** TLS handshakes of one network at a time; more wait, so that other networks do not wait behind them. */
    private static final int HANDSHAKES = 32;

    /** Refused connections that are answered at a time; more are closed without an answer. */
    private static final int REFUSALS = 1_000;

    /** The live heap of an idle connection, including its two stacks and the first frames in its queue. */
    public static final long CONNECTION_BYTES = 8 * 1024;

    /** The additional heap of a connection with TLS: 12 KiB while it is unused, and this much after the largest record. */
    private static final long TLS_BYTES = 44 * 1024;

    private final Bans bans;
    private final MemoryBudget memory;
    private final long connectionBytes;
    private final int maxConnections;
    private final int maxPerNetwork;
    private final AtomicInteger connections = new AtomicInteger();
    private final ConcurrentHashMap<Network, Integer> networks = new ConcurrentHashMap<>();
    private final FairGate<Network> handshakes = new FairGate<>(Integer.MAX_VALUE, HANDSHAKES, Integer.MAX_VALUE);
    private final Semaphore refusals = new Semaphore(REFUSALS);

    /** A place among a bounded number, until it is closed. */
    interface Place extends AutoCloseable {
        @Override
        void close();
    }

    /** @param secured whether connections have TLS */
    public ConnectionLimiter(AcceptLimits limits, Bans bans, MemoryBudget memory, boolean secured) {
        this.bans = bans;
        this.memory = memory;
        this.connectionBytes = CONNECTION_BYTES + (secured ? TLS_BYTES : 0);
        this.maxConnections = limits.maxConnections();
        this.maxPerNetwork = limits.maxConnectionsPerNetwork();
    }

    /**
     * Admits and counts a connection, unless a limit is reached or memory is short. Returns whether it did. May block for a
     * moment, to free memory.
     */
    boolean admit(InetAddress address) {
        if (join(address)) {
            if (admit()) {
                return true;
            }
            part(address);
        }
        return false;
    }

    /** Like {@link #admit(InetAddress)}, but counts the connection for no network. */
    boolean admit() {
        if (connections.incrementAndGet() <= maxConnections && memory.hasRoom()) {
            memory.charge(Part.CONNECTIONS, connectionBytes);
            return true;
        }
        connections.decrementAndGet();
        return false;
    }

    /** Counts an admitted connection for the network of an address, unless its limit is reached. Returns whether it did. */
    boolean join(InetAddress address) {
        Network network = Network.of(address);
        if (networks.merge(network, 1, Integer::sum) <= maxPerNetwork) {
            return true;
        }
        release(network);
        return false;
    }

    /** Counts a connection for the network of an address no longer. */
    void part(InetAddress address) {
        release(Network.of(address));
    }

    /** Returns the ban of an address, if it is banned. */
    Optional<Ban> banOf(InetAddress address) {
        return bans.ofNetwork(Network.of(address));
    }

    /** Counts an admitted connection no longer, after {@link #part}. */
    void leave() {
        memory.charge(Part.CONNECTIONS, -connectionBytes);
        connections.decrementAndGet();
    }

    private void release(Network network) {
        networks.computeIfPresent(network, (key, count) -> count == 1 ? null : count - 1);
    }

    /** Blocks until a connection may begin its TLS handshake. Returns its place, or null after the longest wait. */
    Place beginHandshake(InetAddress address, long nanos) throws InterruptedException {
        Network network = Network.of(address);
        return handshakes.enter(network, nanos) ? () -> handshakes.leave(network) : null;
    }

    /**
     * Takes a place for telling a connection why it was not admitted, or returns null: an answer costs a thread and a buffer
     * until the peer has read it. Does not block.
     */
    Place beginRefusal() {
        return refusals.tryAcquire() ? refusals::release : null;
    }
}

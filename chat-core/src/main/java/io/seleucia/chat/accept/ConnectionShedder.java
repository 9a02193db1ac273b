package io.seleucia.chat.accept;

import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Network;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Closes connections when memory is short and nothing else can be freed. Each is the one that holds most memory, of the
 * address (IPv6: network) whose connections hold most in all. So an address that uses much loses its connections before any
 * other loses one.
 *
 * <p>Goes through all connections once for the bytes that must be freed, and not again within a second: by then, the closed
 * ones have given their memory back. Runs in one thread at a time, as all relievers.
 */
public final class ConnectionShedder implements MemoryBudget.Reliever {
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LEAST_BYTES = 4 * 1024; // ending one that holds less gains nothing

    private final Supplier<Stream<ServedConnection>> connections;
    private long lookedAt = System.nanoTime() - PAUSE_NANOS; // of one thread at a time

    public ConnectionShedder(Supplier<Stream<ServedConnection>> connections) {
        this.connections = connections;
    }

    private record Held(ServedConnection served, long bytes) {}

    /** The connections of an address, the one that holds most at the end. */
    private static final class Holder {
        private final List<Held> connections = new ArrayList<>();
        private long bytes;
    }

    @Override
    public long relieve(long bytes) {
        long now = System.nanoTime();
        if (now - lookedAt < PAUSE_NANOS) {
            return 0;
        }
        lookedAt = now;
        PriorityQueue<Holder> holders = new PriorityQueue<>(
                Comparator.comparingLong((Holder holder) -> holder.bytes).reversed());
        holders.addAll(holders());
        long freed = 0;
        while (freed < bytes && !holders.isEmpty()) {
            Holder most = holders.remove();
            Held fullest = most.connections.removeLast();
            fullest.served.cutOff();
            freed += fullest.bytes;
            most.bytes -= fullest.bytes;
            if (!most.connections.isEmpty()) {
                holders.add(most);
            }
        }
        return freed;
    }

    private Collection<Holder> holders() {
        Map<String, Holder> holders = new HashMap<>();
        connections.get().forEach(served -> {
            long held = served.heldBytes();
            if (held > LEAST_BYTES) {
                Holder holder = holders.computeIfAbsent(networkOf(served), network -> new Holder());
                holder.connections.add(new Held(served, held));
                holder.bytes += held;
            }
        });
        holders.values().forEach(holder -> holder.connections.sort(Comparator.comparingLong(Held::bytes)));
        return holders.values();
    }

    private static String networkOf(ServedConnection served) {
        String peer = served.connection().peer(); // with a port, but for connections of this process
        int port = peer.lastIndexOf(':');
        return port < 0 ? peer : Network.textOf(peer.substring(0, port));
    }
}

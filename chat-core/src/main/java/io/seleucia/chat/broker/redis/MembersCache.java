package io.seleucia.chat.broker.redis;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The clients of up to four channels as they were read from Redis in the last five seconds, so that only the first page
 * of a list reads all of them. Charged to the memory budget; nothing is added while memory is short. Any thread; does
 * not block.
 */
final class MembersCache {
    private static final int MAX_CHANNELS = 4;
    private static final long LIFETIME = Duration.ofSeconds(5).toNanos();
    private static final int ENTRY_BYTES = 56; // of a tree, and the boxed number

    private record Copy(NavigableMap<String, Integer> sessions, long bytes, long readAt) {}

    private final MemoryBudget memory;
    private final ReentrantLock lock = new ReentrantLock(); // guards the next
    private final LinkedHashMap<String, Copy> byChannel = new LinkedHashMap<>(); // oldest first

    MembersCache(MemoryBudget memory) {
        this.memory = memory;
    }

    /** Returns the clients of a channel with their sessions. The map must not be changed. */
    Optional<NavigableMap<String, Integer>> get(String channel) {
        lock.lock();
        try {
            removeOld();
            return Optional.ofNullable(byChannel.get(channel)).map(Copy::sessions);
        } finally {
            lock.unlock();
        }
    }

    /** Adds a map, which must no longer be changed. A map that is here already keeps its age. */
    void put(String channel, NavigableMap<String, Integer> sessions) {
        lock.lock();
        try {
            removeOld();
            Copy present = byChannel.get(channel);
            if (present != null && present.sessions == sessions || memory.isTight()) {
                return;
            }
            remove(channel);
            long bytes = sessions.keySet().stream()
                    .mapToLong(client -> ENTRY_BYTES + Sizes.ofText(client))
                    .sum();
            byChannel.put(channel, new Copy(sessions, bytes, System.nanoTime()));
            memory.charge(Part.CHANNELS, bytes);
            if (byChannel.size() > MAX_CHANNELS) {
                remove(byChannel.firstEntry().getKey());
            }
        } finally {
            lock.unlock();
        }
    }

    private void remove(String channel) {
        Copy copy = byChannel.remove(channel);
        if (copy != null) {
            memory.charge(Part.CHANNELS, -copy.bytes);
        }
    }

    /** Removes maps that are too old. Also called every few seconds, to free memory. */
    void removeOld() {
        removeOlderThan(LIFETIME);
    }

    void clear() {
        removeOlderThan(Long.MIN_VALUE);
    }

    private void removeOlderThan(long age) {
        long now = System.nanoTime();
        lock.lock();
        try {
            List.copyOf(byChannel.entrySet()).stream()
                    .filter(entry -> now - entry.getValue().readAt > age)
                    .forEach(entry -> remove(entry.getKey()));
        } finally {
            lock.unlock();
        }
    }
}

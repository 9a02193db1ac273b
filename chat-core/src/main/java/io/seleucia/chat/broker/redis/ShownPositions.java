package io.seleucia.chat.broker.redis;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.Position;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The newest positions that this server has shown of channels without members here: those acknowledged to publishers,
 * and those of members that have left. Keeps the most recently used channels, up to 10,000 or a fiftieth of the memory
 * budget, to which they are charged. Any thread.
 */
final class ShownPositions implements AutoCloseable {
    private static final int MAX_CHANNELS = 10_000;
    private static final int SHARE = 50;
    private static final int ENTRY_BYTES = 150; // besides the channel's name

    private final MemoryBudget memory;
    private final ReentrantLock lock = new ReentrantLock(); // guards all below
    private final LinkedHashMap<String, Position> positions = new LinkedHashMap<>(16, 0.75f, true); // oldest use first
    private long bytes; // charged
    private boolean closed;

    ShownPositions(MemoryBudget memory) {
        this.memory = memory;
    }

    void note(String channel, Position position) {
        if (position.equals(Position.NONE)) {
            return;
        }
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if (positions.get(channel) == null) {
                charge(bytes(channel));
            }
            positions.merge(channel, position, RedisEpoch::newest);
            while (positions.size() > MAX_CHANNELS || bytes > memory.limit() / SHARE && positions.size() > 1) {
                charge(-bytes(positions.pollFirstEntry().getKey()));
            }
        } finally {
            lock.unlock();
        }
    }

    private static long bytes(String channel) {
        return ENTRY_BYTES + Sizes.ofText(channel);
    }

    private void charge(long more) {
        bytes += more;
        memory.charge(Part.CHANNELS, more);
    }

    /** Returns the newest position that was shown, or {@link Position#NONE} if it is unknown. */
    Position newest(String channel) {
        lock.lock();
        try {
            return positions.getOrDefault(channel, Position.NONE);
        } finally {
            lock.unlock();
        }
    }

    /** Returns a copy of all positions, by channel. */
    Map<String, Position> all() {
        lock.lock();
        try {
            return new HashMap<>(positions);
        } finally {
            lock.unlock();
        }
    }

    /** Removes all positions. Later ones are not kept. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            positions.clear();
            charge(-bytes);
        } finally {
            lock.unlock();
        }
    }
}

package io.seleucia.chat.broker;

import io.seleucia.chat.message.Position;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The newest positions that this server has shown in channels that it does not follow: those of publishers who are no
 * members, and of members who have left. The channels that were used last are kept, in two halves, of which the older is
 * dropped when the newer is full. For any thread.
 */
final class RedisReceipts {
    private static final int HALF = 5_000; // channels

    /** The two halves. One that is not the newer any more may still be written to for a moment. */
    private record Halves(ConcurrentHashMap<String, Position> newer, ConcurrentHashMap<String, Position> older) {}

    private final AtomicReference<Halves> halves =
            new AtomicReference<>(new Halves(new ConcurrentHashMap<>(), new ConcurrentHashMap<>()));

    /** Notes that a position was shown. */
    void note(String channel, Position position) {
        if (position.equals(Position.NONE)) {
            return;
        }
        Halves now = halves.get();
        now.newer.merge(channel, position, RedisEpoch::newest);
        if (now.newer.mappingCount() > HALF) {
            halves.compareAndSet(now, new Halves(new ConcurrentHashMap<>(), now.newer));
        }
    }

    /** Returns the newest position that is known to have been shown, or {@link Position#NONE}. */
    Position newest(String channel) {
        Halves now = halves.get();
        return RedisEpoch.newest(
                now.newer.getOrDefault(channel, Position.NONE), now.older.getOrDefault(channel, Position.NONE));
    }

    /** Returns all positions that are known. */
    Map<String, Position> all() {
        Halves now = halves.get();
        Map<String, Position> all = new HashMap<>(now.older);
        now.newer.forEach((channel, position) -> all.merge(channel, position, RedisEpoch::newest));
        return all;
    }
}

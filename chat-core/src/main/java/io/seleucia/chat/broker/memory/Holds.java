package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * The names that are held in one process, each until its hold expires. Holds at most a million names, and adds none while
 * memory is full. Any thread; does not block.
 */
final class Holds {
    private static final int MAX = 1_000_000;
    private static final int OVERHEAD = 96; // an entry of the map, and the hold

    private record Hold(String owner, long until) {
        boolean isExpired(long now) {
            return now - until >= 0;
        }
    }

    private final MemoryBudget memory;
    private final ConcurrentHashMap<String, Hold> byName = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();

    Holds(MemoryBudget memory) {
        this.memory = memory;
    }

    /** See {@link Broker#hold}. */
    Broker.Hold add(String name, String owner, Duration lifetime) throws UnavailableException {
        long now = System.nanoTime();
        Hold wanted = new Hold(owner, now + lifetime.toNanos());
        Broker.Hold[] result = {Broker.Hold.REFUSED};
        Hold held = byName.compute(name, (key, present) -> {
            boolean isHeld = present != null && !present.isExpired(now);
            if (isHeld && !present.owner.equals(owner)) {
                return present;
            }
            if (present == null && (count.get() >= MAX || memory.isFull())) {
                return null;
            }
            result[0] = isHeld ? Broker.Hold.EXTENDED : Broker.Hold.BEGUN;
            charge(name, present, -1);
            charge(name, wanted, 1);
            return wanted;
        });
        if (held == null) {
            throw new UnavailableException("no more names can be held: there are a million, or memory is full", null);
        }
        return result[0];
    }

    /** See {@link Broker#release}. */
    void remove(String name, String owner) {
        removeIf(name, hold -> hold.owner.equals(owner));
    }

    void sweep() {
        long now = System.nanoTime();
        byName.keySet().forEach(name -> removeIf(name, hold -> hold.isExpired(now)));
    }

    void clear() {
        byName.keySet().forEach(name -> removeIf(name, hold -> true));
    }

    private void removeIf(String name, Predicate<Hold> condition) {
        byName.computeIfPresent(name, (key, hold) -> {
            if (!condition.test(hold)) {
                return hold;
            }
            charge(name, hold, -1);
            return null;
        });
    }

    /** Counts a hold, or with {@code -1} no longer counts it. Called within the map's lock of the name. */
    private void charge(String name, Hold hold, int sign) {
        if (hold != null) {
            count.addAndGet(sign);
            memory.charge(Part.CHANNELS, sign * (OVERHEAD + Sizes.ofText(name) + Sizes.ofText(hold.owner)));
        }
    }
}

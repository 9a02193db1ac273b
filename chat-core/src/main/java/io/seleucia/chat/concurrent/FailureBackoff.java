package io.seleucia.chat.concurrent;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;

/**
 * The backoff after failed attempts, such as wrong passwords: counts failures by key, in bounded memory, and doubles the
 * wait before the next attempt of that key with each. Concurrent attempts queue up.
 *
 * <p>A client can't get rid of a count by filling the memory. When the memory is full, the key with the fewest failures is
 * forgotten, and the next new key starts with as many (the space-saving algorithm). So the count of a key is never too
 * low, and too high by at most the failures of the clients that filled the memory.
 *
 * <p>Times are {@link System#nanoTime}. No method blocks. Not thread-safe.
 *
 * @param <K> the keys
 */
public final class FailureBackoff<K> {
    private static final class Tries {
        int failures;
        int own; // of them, those of this key itself
        long next; // when the next one may begin
        long failedAt;
    }

    private final long first;
    private final long longest;
    private final long memory;
    private final int max;
    private final List<SequencedMap<K, Tries>>
            levels; // by failures, each oldest first; the last level has the longest wait

    /**
     * Creates a backoff without failures.
     *
     * @param first the wait after one failure
     * @param memory the time for which failures of a key count after the last
     * @param max the most keys that are remembered
     */
    public FailureBackoff(Duration first, Duration longest, Duration memory, int max) {
        this.first = first.toNanos();
        this.longest = longest.toNanos();
        this.memory = memory.toNanos();
        this.max = max;
        int doublings = 0;
        while (this.first << doublings < this.longest) {
            doublings++;
        }
        this.levels = Stream.<SequencedMap<K, Tries>>generate(LinkedHashMap::new)
                .limit(doublings + 1)
                .toList();
    }

    /** Returns how long an attempt would have to wait, in nanoseconds. */
    public long pause(K key, long now) {
        Tries tries = find(key, now);
        return tries == null ? 0 : Math.max(0, tries.next - now);
    }

    /** Schedules an attempt for {@code then}, and the one after it for a wait later. */
    public void begin(K key, long then, long now) {
        Tries tries = find(key, now);
        if (tries != null) {
            tries.next = then + pauseAfter(tries.failures);
        }
    }

    /** Counts a failure. */
    public void add(K key, long now) {
        Tries tries = find(key, now);
        if (tries == null) {
            tries = new Tries();
            tries.next = now;
            tries.failures = size() < max ? 0 : makeRoom(now);
        } else {
            level(tries.failures).remove(key);
        }
        tries.failures++;
        tries.own++;
        tries.failedAt = now;
        tries.next = Math.max(tries.next - now, pauseAfter(tries.failures)) + now;
        level(tries.failures).put(key, tries);
    }

    /** Subtracts failures. */
    public void takeBack(K key, int failures, long now) {
        Tries tries = find(key, now);
        if (tries != null && failures > 0) {
            level(tries.failures).remove(key);
            tries.failures -= failures;
            tries.own = Math.max(0, tries.own - failures);
            if (tries.failures > 0) {
                level(tries.failures).put(key, tries);
            }
        }
    }

    /** Forgets a key, and returns how often it has failed itself, without the failures that it started with. */
    public int remove(K key, long now) {
        Tries tries = find(key, now);
        if (tries == null) {
            return 0;
        }
        level(tries.failures).remove(key);
        return tries.own;
    }

    int size() {
        return levels.stream().mapToInt(Map::size).sum();
    }

    /** Returns the tries that still count, or null. */
    private Tries find(K key, long now) {
        for (SequencedMap<K, Tries> level : levels) {
            Tries tries = level.get(key);
            if (tries != null) {
                if (now - tries.failedAt <= memory) {
                    return tries;
                }
                level.remove(key);
            }
        }
        return null;
    }

    /** Forgets a key, and returns the failures that the key which takes its place starts with. */
    private int makeRoom(long now) {
        for (SequencedMap<K, Tries> level : levels) {
            while (!level.isEmpty() && now - level.firstEntry().getValue().failedAt > memory) {
                level.pollFirstEntry();
            }
        }
        if (size() < max) {
            return 0;
        }
        int fewest = 0;
        while (levels.get(fewest).isEmpty()) {
            fewest++;
        }
        levels.get(fewest).pollFirstEntry();
        return fewest + 1;
    }

    private SequencedMap<K, Tries> level(int failures) {
        return levels.get(Math.min(failures, levels.size()) - 1);
    }

    private long pauseAfter(int failures) {
        return Math.min(longest, first << Math.min(failures, levels.size()) - 1);
    }
}

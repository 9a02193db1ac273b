package io.seleucia.chat.session;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Counts failed logins by key, in bounded memory, and says how long the next one of that key has to wait: each failure
 * doubles the pause. Tries at a time stand in line.
 *
 * <p>A client can't get rid of a count by filling the memory. When it is full, the key with the fewest failures is
 * forgotten, and the next new key begins with as many (the space-saving algorithm). So a key that has failed is never
 * counted too low, and too high by no more than those who filled the memory have failed themselves.
 *
 * <p>Times are {@link System#nanoTime}; no method blocks. Not thread-safe.
 */
final class Failures {
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
    private final LevelMap[] levels; // by the number of failures; the last has all for whom the pause is the longest

    /** In the order of their last failures. */
    private static final class LevelMap extends LinkedHashMap<Long, Tries> {
        private static final long serialVersionUID = 1;
    }

    /**
     * @param first the pause after one failure
     * @param longest the longest pause
     * @param memory how long failures count after the last
     * @param max of how many keys something is remembered
     */
    Failures(Duration first, Duration longest, Duration memory, int max) {
        this.first = first.toNanos();
        this.longest = longest.toNanos();
        this.memory = memory.toNanos();
        this.max = max;
        int doublings = 0;
        while (this.first << doublings < this.longest) {
            doublings++;
        }
        this.levels = IntStream.rangeClosed(0, doublings)
                .mapToObj(level -> new LevelMap())
                .toArray(LevelMap[]::new);
    }

    /** Returns how long a login would have to wait. */
    long pause(long key, long now) {
        Tries tries = find(key, now);
        return tries == null ? 0 : Math.max(0, tries.next - now);
    }

    /** Has a login begin then, and the next one a pause later. */
    void begin(long key, long then, long now) {
        Tries tries = find(key, now);
        if (tries != null) {
            tries.next = then + pauseAfter(tries.failures);
        }
    }

    /** Counts a failure. */
    void add(long key, long now) {
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

    /** Takes failures back. */
    void takeBack(long key, int failures, long now) {
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

    /** Forgets a key, and returns how often it has failed itself. */
    int remove(long key, long now) {
        Tries tries = find(key, now);
        if (tries == null) {
            return 0;
        }
        level(tries.failures).remove(key);
        return tries.own;
    }

    int size() {
        return Stream.of(levels).mapToInt(Map::size).sum();
    }

    /** Returns the tries that still count. */
    private Tries find(long key, long now) {
        for (LevelMap level : levels) {
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

    /** Forgets a key, and returns the failures that another begins with which takes its place. */
    private int makeRoom(long now) {
        for (LevelMap level : levels) {
            while (!level.isEmpty() && now - level.firstEntry().getValue().failedAt > memory) {
                level.pollFirstEntry();
            }
        }
        if (size() < max) {
            return 0;
        }
        int fewest = 0;
        while (levels[fewest].isEmpty()) {
            fewest++;
        }
        levels[fewest].pollFirstEntry();
        return fewest + 1;
    }

    private LevelMap level(int failures) {
        return levels[Math.min(failures, levels.length) - 1];
    }

    private long pauseAfter(int failures) {
        return Math.min(longest, first << Math.min(failures, levels.length) - 1);
    }
}

package io.seleucia.chat.broker.journal;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A cache of the ranges of channels that were read lately, so that a client that pages through a history does not read all
 * indexes again for each page. Any thread; the number of ranges is bounded.
 */
final class IndexCache {
    private static final int MAX_RANGES = 30_000; // some 150 bytes each
    private static final int OVERHEAD = 4; // of a channel, in ranges

    /**
     * The ranges of a channel in consecutive segments.
     *
     * @param oldest the oldest segment that was searched; {@link Long#MAX_VALUE} if none was
     * @param newest the newest segment that was searched; 0 if none was
     * @param ranges newest first
     */
    record CachedRanges(long oldest, long newest, List<OffsetRange> ranges) {
        /** Those of a channel that was not read. */
        static final CachedRanges NONE = new CachedRanges(Long.MAX_VALUE, 0, List.of());

        private int size() {
            return OVERHEAD + ranges.size();
        }
    }

    private final ReentrantLock lock = new ReentrantLock(); // guards all below
    private final LinkedHashMap<String, CachedRanges> byChannel = new LinkedHashMap<>(16, 0.75f, true);
    private int kept; // ranges

    CachedRanges of(String channel) {
        lock.lock();
        try {
            return byChannel.getOrDefault(channel, CachedRanges.NONE);
        } finally {
            lock.unlock();
        }
    }

    void keep(String channel, CachedRanges cached) {
        lock.lock();
        try {
            CachedRanges before = byChannel.put(channel, cached);
            kept += cached.size() - (before == null ? 0 : before.size());
            while (kept > MAX_RANGES && !byChannel.isEmpty()) {
                kept -= byChannel.pollFirstEntry().getValue().size();
            }
        } finally {
            lock.unlock();
        }
    }

    void forget() {
        lock.lock();
        try {
            byChannel.clear();
            kept = 0;
        } finally {
            lock.unlock();
        }
    }
}

package io.seleucia.chat.broker.journal;

import java.io.EOFException;
import java.io.IOException;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * Finds where the messages of a channel are, in the indexes of the sealed segments and of the active one, until there is no
 * time for more. Used by one thread.
 */
final class RangeLookup {
    private final ActiveSegmentIndex active;
    private final Archive archive;
    private final IndexCache cache;
    private long activeSegment;
    private long until; // by the nanosecond clock

    RangeLookup(ActiveSegmentIndex active, Archive archive, IndexCache cache) {
        this.active = active;
        this.archive = archive;
        this.cache = cache;
    }

    /** There is no time for more. */
    static final class LateException extends IOException {
        private static final long serialVersionUID = 1;

        private LateException() {
            super("that took longer than two seconds");
        }
    }

    /** Sets when there is no time for more. */
    void endAt(long nanos) {
        until = nanos;
    }

    void check() throws LateException {
        if (System.nanoTime() - until > 0) {
            throw new LateException();
        }
    }

    boolean isActive(long segment) {
        return segment == activeSegment;
    }

    /**
     * Returns a cursor in the segments from one on, which goes back from an epoch. In each segment it goes through one name
     * or, without that, the other.
     */
    HistoryCursor cursor(String epoch, String name, String otherwise, long from) throws IOException {
        ActiveSegmentIndex.Seen seen = active.look(name, otherwise);
        activeSegment = seen.segment();
        NavigableSet<Long> sealed = archive.sealed(activeSegment);
        IndexCache.CachedRanges cached = cache.of(name);
        if (from > 0) {
            sealed = new TreeSet<>(sealed.tailSet(from, true));
            cached = cached.newest() < from ? IndexCache.CachedRanges.NONE : cached; // leaves no gap
        }
        return new HistoryCursor(epoch, seen.ranges(), cached, sealed, segment -> ranges(name, otherwise, segment));
    }

    /** Keeps what a cursor has found under its first name, for the next search. */
    void keep(String name, HistoryCursor cursor) {
        cache.keep(name, cursor.cached());
    }

    private List<OffsetRange> ranges(String name, String otherwise, long segment) throws IOException {
        check();
        try (SegmentIndexFile index = archive.indexes().open(segment).orElse(null)) {
            return index == null ? List.of() : index.ranges(name, otherwise);
        } catch (IndexBlocks.DamagedException | EOFException e) {
            throw renewed(segment);
        }
    }

    /** Has an index made again, and returns what makes the search begin again. */
    FilesChangedException renewed(long segment) throws IOException {
        archive.indexes().delete(segment);
        return new FilesChangedException();
    }

    /** See {@link SegmentIndex#find(OffsetRange, long)}. */
    int find(OffsetRange range, long offset) throws IOException {
        return use(range, index -> index.find(range, offset));
    }

    /** Returns the places of the messages of a range from one number up to another. */
    List<SegmentIndex.Place> places(OffsetRange range, int from, int to) throws IOException {
        return use(range, index -> index.places(range, from, to - from));
    }

    private <T> T use(OffsetRange range, ActiveSegmentIndex.Use<T> what) throws IOException {
        if (isActive(range.segment())) {
            return active.use(range, what);
        }
        try (SegmentIndexFile index = archive.indexes().open(range.segment()).orElse(null)) {
            if (index == null || index.magic() != range.magic()) {
                throw new FilesChangedException();
            }
            return what.of(index);
        } catch (IndexBlocks.DamagedException | EOFException e) {
            throw renewed(range.segment());
        }
    }
}

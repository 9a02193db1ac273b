package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;

/** A cursor that goes back through one channel's history, from its newest ranges to its oldest. Used by one thread. */
final class HistoryCursor {
    /** Finds the ranges of the channel in a sealed segment, oldest first. */
    interface Lookup {
        List<OffsetRange> ranges(long segment) throws IOException;
    }

    private final NavigableSet<Long> sealed;
    private final Lookup lookup;
    private final List<OffsetRange> active;
    private final List<OffsetRange> known = new ArrayList<>(); // newest first
    private long oldest;
    private long newest;
    private String epoch;
    private int done; // how many ranges of the active and the known ones

    HistoryCursor(
            String epoch,
            List<OffsetRange> active,
            IndexCache.CachedRanges cached,
            NavigableSet<Long> sealed,
            Lookup lookup)
            throws IOException {
        this.epoch = epoch;
        this.active = active.reversed();
        this.sealed = sealed;
        this.lookup = lookup;
        newest = cached.newest();
        oldest = cached.oldest();
        if (newest > 0 && !sealed.isEmpty()) { // else nothing is known, and next() looks only as far back as it needs
            for (long segment : sealed.tailSet(newest, false).descendingSet()) {
                known.addAll(lookup.ranges(segment).reversed());
            }
            newest = sealed.last();
        }
        known.addAll(cached.ranges());
    }

    /** Returns the next older range of the history; empty at its beginning. */
    Optional<OffsetRange> next() throws IOException {
        while (true) {
            while (done == active.size() + known.size()) {
                Long next = sealed.lower(oldest);
                if (next == null) {
                    return Optional.empty();
                }
                known.addAll(lookup.ranges(next).reversed());
                oldest = next;
                newest = Math.max(newest, next);
            }
            OffsetRange range = done < active.size() ? active.get(done) : known.get(done - active.size());
            done++;
            if (range.epoch().equals(epoch)) {
                if (!range.former().isEmpty()) {
                    epoch = range.former();
                }
                if (range.count() > 0) {
                    return Optional.of(range);
                }
            }
        }
    }

    /** Returns all ranges found so far. */
    IndexCache.CachedRanges cached() {
        return new IndexCache.CachedRanges(oldest, newest, List.copyOf(known));
    }
}

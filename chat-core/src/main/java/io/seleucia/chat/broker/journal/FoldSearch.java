package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The folds that the files have of some messages of a channel, the newest of each. Used by one thread. */
final class FoldSearch {
    private final RangeLookup lookup;
    private final SearchedSegments segments;
    private final SegmentIndexes indexes;
    private final Map<Long, Raw> found = new HashMap<>(); // by the offsets of the messages

    /** A fold as a segment has it. */
    private record Raw(JournalRecord.Folded folded, long segment) {}

    FoldSearch(RangeLookup lookup, SearchedSegments segments, SegmentIndexes indexes) {
        this.lookup = lookup;
        this.segments = segments;
        this.indexes = indexes;
    }

    /**
     * Finds the folds of messages, whose offsets these are.
     *
     * @param epoch the channel's
     * @param oldest the oldest segment that has one of the messages: a fold is written after its message
     */
    void find(String channel, String epoch, Set<Long> offsets, long oldest) throws IOException {
        found.clear();
        if (offsets.isEmpty()) {
            return;
        }
        String name = SegmentIndex.folds(channel);
        long first = Collections.min(offsets);
        long end = Collections.max(offsets) + 1;
        HistoryCursor cursor = lookup.cursor(epoch, name, name, oldest);
        try {
            for (Optional<OffsetRange> next = cursor.next();
                    next.isPresent() && next.get().segment() >= oldest && found.size() < offsets.size();
                    next = cursor.next()) {
                OffsetRange range = next.get();
                int from = lookup.find(range, first);
                int to = lookup.find(range, end);
                if (from < to) {
                    add(range, lookup.places(range, from, to), offsets);
                }
            }
        } finally {
            lookup.keep(name, cursor);
        }
    }

    private void add(OffsetRange range, List<SegmentIndex.Place> places, Set<Long> offsets) throws IOException {
        try (SegmentReader reader = segments.read(range).orElse(null)) {
            for (SegmentIndex.Place place : places) {
                if (reader != null && offsets.contains(place.offset()) && !found.containsKey(place.offset())) {
                    lookup.check();
                    Optional<JournalRecord> record = reader.record(place.position());
                    if (record.isEmpty()) {
                        indexes.reportDamage(range.segment(), place.position());
                    } else if (record.get() instanceof JournalRecord.Folded folded) {
                        found.put(place.offset(), new Raw(folded, range.segment()));
                    }
                }
            }
        }
    }

    /** Returns what readers may see now of the fold of a message. */
    Fold visible(long offset) {
        Raw raw = found.get(offset);
        return raw == null ? Fold.NONE : segments.visible(raw.folded, raw.segment);
    }
}

package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;

/** Finds the segments that hold deleted messages, and lists the messages there. Used by one thread at a time. */
final class ErasureListing {
    private static final int MANY_CHANNELS = 16; // for which the names of an index are read as a whole

    private final SegmentIndexes indexes;
    private final Erasures erasures;
    private final DeletionLists lists;

    ErasureListing(SegmentIndexes indexes, Erasures erasures, DeletionLists lists) {
        this.indexes = indexes;
        this.erasures = erasures;
        this.lists = lists;
    }

    /**
     * Lists the messages of deletions in segments before this one, which is not sealed. A deletion follows everything that it
     * concerns, so the sealed segments have all of it.
     *
     * @param sealed the sealed segments
     * @param listed is run when they are listed, before they wait no longer
     * @return whether there was anything to list
     */
    boolean listBefore(long segment, NavigableSet<Long> sealed, Runnable listed) throws IOException {
        Map<Erasure.Place, Erasures.Waiting> places = erasures.before(segment);
        if (places.isEmpty()) {
            return false;
        }
        for (var found : locate(places, sealed).values()) {
            lists.add(found.segment, found.magic, found.places);
        }
        listed.run();
        erasures.done(segment);
        return true;
    }

    /** The erasures that may concern a segment. */
    private record Located(long segment, int magic, Map<Erasure.Place, Erasures.Waiting> places) {}

    /** Messages of a channel that are looked for, with the names under which an index may have them. */
    private record Wanted(
            String channel, long hash, String folds, long foldsHash, Map<Erasure.Place, Erasures.Waiting> places) {
        private static Wanted of(String channel) {
            String folds = SegmentIndex.folds(channel);
            return new Wanted(channel, SegmentIndex.hash(channel), folds, SegmentIndex.hash(folds), new HashMap<>());
        }
    }

    /** Returns, for each segment that may hold some of the messages or their folds, which ones. */
    private Map<Long, Located> locate(Map<Erasure.Place, Erasures.Waiting> places, NavigableSet<Long> sealed)
            throws IOException {
        Map<Long, Located> located = new HashMap<>();
        List<Wanted> wanted = byChannel(places);
        for (Iterator<Long> newestFirst = sealed.descendingIterator(); newestFirst.hasNext() && !wanted.isEmpty(); ) {
            long segment = newestFirst.next();
            try (SegmentIndexFile index = indexes.open(segment).orElse(null)) {
                if (index != null) {
                    if (wanted.size() >= MANY_CHANNELS) {
                        index.readTable();
                    }
                    Located here = new Located(segment, index.magic(), new HashMap<>());
                    locate(wanted, index, here.places);
                    if (!here.places.isEmpty()) {
                        located.put(segment, here);
                    }
                }
            } catch (IndexBlocks.DamagedException e) {
                indexes.delete(segment);
                throw e; // all of it is retried
            }
        }
        return located;
    }

    /** Returns the messages of each channel, the channels in the order in which an index has them. */
    private static List<Wanted> byChannel(Map<Erasure.Place, Erasures.Waiting> places) {
        Map<String, Wanted> byName = new HashMap<>();
        places.forEach((place, by) ->
                byName.computeIfAbsent(place.channel(), Wanted::of).places.put(place, by));
        List<Wanted> all = new ArrayList<>(byName.values());
        all.sort(Comparator.comparingLong(Wanted::hash));
        return all;
    }

    /** Adds what a segment may hold, and removes the channels of which no older segment holds anything. */
    private static void locate(List<Wanted> wanted, SegmentIndexFile index, Map<Erasure.Place, Erasures.Waiting> here)
            throws IOException {
        List<Wanted> older = new ArrayList<>(wanted.size());
        for (Wanted channel : wanted) {
            List<OffsetRange> messages = index.ranges(channel.channel, channel.hash);
            List<OffsetRange> folds = index.ranges(channel.folds, channel.foldsHash);
            boolean all = true;
            for (var place : channel.places.entrySet()) {
                if (isIn(messages, place.getKey()) || isIn(folds, place.getKey())) {
                    here.put(place.getKey(), place.getValue());
                }
                all &= beginBefore(messages, place.getKey(), place.getValue().epochs());
            }
            if (!all) {
                older.add(channel);
            }
        }
        wanted.clear();
        wanted.addAll(older);
    }

    private static boolean isIn(List<OffsetRange> ranges, Erasure.Place place) {
        return ranges.stream()
                .anyMatch(range -> range.count() > 0
                        && range.epoch().equals(place.epoch())
                        && range.first() <= place.offset()
                        && range.last() >= place.offset());
    }

    /** Returns whether the message with its offset is in this segment, or in none before it. */
    private static boolean beginBefore(List<OffsetRange> ranges, Erasure.Place place, List<String> epochs) {
        return ranges.stream()
                .anyMatch(range ->
                        range.count() > 0 && epochs.contains(range.epoch()) && range.first() <= place.offset());
    }
}

package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * The repair of damaged lists. They are made again from the records of the deletions, which are in the segments outside the
 * archive: from those of one segment at a time, so that it takes little memory. Until all are read, the damaged lists can't be
 * read; the other ones are not touched. Used by one thread at a time.
 */
final class ListRepair {
    private final JournalDirectory directory;
    private final SegmentIndexes indexes;
    private final Erasures erasures;
    private final DeletionLists lists;
    private final NavigableSet<Long> repaired = new TreeSet<>(); // segments whose lists are being made again
    private long next; // segment whose deletions are to be read, or a later one

    ListRepair(JournalDirectory directory, SegmentIndexes indexes, Erasures erasures, DeletionLists lists) {
        this.directory = directory;
        this.indexes = indexes;
        this.erasures = erasures;
        this.lists = lists;
    }

    /** Begins with the lists that have been found to be damaged, unless a repair is under way. */
    void begin() throws IOException {
        if (!repaired.isEmpty()) {
            return;
        }
        Set<Long> damaged = lists.damaged();
        next = Long.MAX_VALUE;
        for (long segment : damaged) {
            Optional<DeletionLists.Summary> list = lists.summary(segment);
            if (list.isPresent()) {
                lists.empty(segment);
                next = Math.min(next, list.get().oldest());
            }
        }
        repaired.addAll(damaged);
    }

    /**
     * Lists the deletions of one more segment before the active one. Returns whether there may be further ones.
     *
     * @param sealed the sealed segments
     */
    boolean step(long active, NavigableSet<Long> sealed) throws IOException {
        if (repaired.isEmpty()) {
            return false;
        }
        try {
            OptionalLong segment = directory.segments().stream()
                    .mapToLong(Long::longValue)
                    .filter(it -> it >= next && it < active)
                    .min();
            if (segment.isPresent()) {
                list(segment.getAsLong(), sealed);
                next = segment.getAsLong() + 1;
            } else {
                for (long done : repaired) {
                    lists.complete(done);
                }
                repaired.clear();
            }
            return !repaired.isEmpty();
        } catch (DeletionLists.DamagedException e) {
            repaired.clear(); // one of them has been damaged again
            throw e;
        }
    }

    /** Lists what the deletions in a segment concern in those whose lists are being made again. */
    private void list(long segment, NavigableSet<Long> sealed) throws IOException {
        NavigableSet<Long> concerned = new TreeSet<>(repaired);
        concerned.retainAll(sealed);
        concerned.removeIf(one -> !lists.has(one)); // erased meanwhile
        Erasures read = erasures.another();
        try {
            read.read(directory, segment, Optional.empty());
            new ErasureListing(indexes, read, lists).listBefore(segment + 1, concerned, () -> {});
        } finally {
            read.release();
        }
    }
}

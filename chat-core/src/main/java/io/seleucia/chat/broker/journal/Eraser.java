package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * Removes what is deleted from the sealed segments. One thread at a time calls {@link #run}; any thread the other methods.
 *
 * <p>Messages that were deleted one by one are first listed beside their segments, which costs little. A segment is copied
 * without its listed messages when it has many, or one that was deleted some time ago: those with most of them first, and no
 * more than {@link #BYTES_PER_SECOND}. A segment whose first listed message was deleted twice as long ago is no longer held
 * back by that. A deletion of a channel or a sender is carried out at once.
 */
final class Eraser {
    private static final Logger LOG = System.getLogger(Eraser.class.getName());

    /** The mean number of bytes that are copied in a second: one segment in about a minute. */
    static final long BYTES_PER_SECOND = 1024 * 1024;

    /** The number of messages for which a segment is copied before they have waited. */
    static final int MANY_IN_SEGMENT = 1_000;

    private static final int OVERDUE = 2; // times the time after which a segment is copied
    private static final long WRITING_SECONDS = 2;

    private final JournalDirectory directory;
    private final JournalOptions options;
    private final SegmentIndexes indexes;
    private final Deletions deletions;
    private final Erasures erasures;
    private final DeletionLists lists;
    private final ErasureListing listing;
    private final ListRepair repair;
    private final JournalWriter writer;
    private final AtomicLong removals = new AtomicLong();
    private long allowedAt = System.nanoTime(); // from when on a segment may be copied
    private long recorded; // the segment before which no deletion is left, as the journal has it
    private boolean unrecorded; // something has been erased since the last record of that

    Eraser(
            JournalDirectory directory,
            JournalOptions options,
            SegmentIndexes indexes,
            Deletions deletions,
            Erasures erasures,
            DeletionLists lists,
            JournalWriter writer) {
        this.directory = directory;
        this.options = options;
        this.indexes = indexes;
        this.deletions = deletions;
        this.erasures = erasures;
        this.lists = lists;
        this.listing = new ErasureListing(indexes, erasures, lists);
        this.repair = new ListRepair(directory, indexes, erasures, lists);
        this.writer = writer;
    }

    /**
     * Returns a number that changes before anything which is deleted is no longer known as such: it has been erased, or was
     * listed. What a reader has found before is compared with what is deleted only if the number is still the same.
     */
    long removals() {
        return removals.get();
    }

    /** The segments at a moment: the active one, and those before it that exist. */
    interface Segments {
        long active();

        NavigableSet<Long> sealedBefore(long active);
    }

    /**
     * Does what is due, but copies one segment of listed messages at most: what is deleted meanwhile is listed first.
     *
     * @param closing whether to stop between two segments
     * @return whether more may be due
     */
    boolean run(Segments segments, BooleanSupplier closing) throws IOException {
        List<PendingDeletion> whole = deletions.toBeErased(); // first, for they may delete the records of erasures
        if (erasures.needSegmentAfter(segments.active(), options.erasing())) {
            write(new JournalRecord.ErasureBegun());
        }
        long active = segments.active();
        NavigableSet<Long> sealed = segments.sealedBefore(active);
        boolean more = false;
        try {
            repair.begin();
            unrecorded |= listing.listBefore(active, sealed, removals::incrementAndGet);
            more = repair.step(active, sealed);
            if (whole.isEmpty()) {
                more |= eraseListed();
            } else {
                while (more && !closing.getAsBoolean()) {
                    more = repair.step(active, sealed);
                }
                eraseWhole(whole, sealed, closing);
            }
        } catch (DeletionLists.DamagedException e) {
            LOG.log(Level.DEBUG, () -> "made again by the next call: " + e.getMessage());
        }
        recordDone(active);
        return more;
    }

    /** Adds the deletions that a start has skipped because there are many, and lists them. */
    void listSkipped(Segments segments) throws IOException {
        long active = segments.active();
        for (long segment : erasures.takeSkipped()) {
            erasures.read(directory, segment, Optional.empty());
            try {
                listing.listBefore(Math.min(active, segment + 1), segments.sealedBefore(active), () -> {});
            } catch (IOException e) { // as when the disk is full: they stay in memory, and it is tried again
                LOG.log(Level.WARNING, "deleted messages can't be listed; check the disk: " + e.getMessage());
            }
        }
    }

    /** Copies a segment without its listed messages, if one is due. Returns whether one was. */
    private boolean eraseListed() throws IOException {
        long waited = options.erasing().toNanos();
        Optional<Long> next = lists.overdue(OVERDUE * waited);
        if (next.isEmpty() && System.nanoTime() - allowedAt >= 0) {
            next = lists.fullest(MANY_IN_SEGMENT, waited);
        }
        if (next.isPresent()) {
            long bytes = erase(next.get(), List.of());
            allowedAt = System.nanoTime() + TimeUnit.SECONDS.toNanos(1) * bytes / BYTES_PER_SECOND;
        }
        return next.isPresent();
    }

    /**
     * Carries out deletions of channels and senders, from the oldest segment to the newest. With a sender, the records of
     * deletions go that lists are made from, so what these concern is erased before.
     */
    private void eraseWhole(List<PendingDeletion> whole, NavigableSet<Long> sealed, BooleanSupplier closing)
            throws IOException {
        for (long segment : sealed) {
            List<JournalRecord.Deletion> later = whole.stream()
                    .filter(deletion -> deletion.isAfter(segment))
                    .map(PendingDeletion::deletion)
                    .toList();
            if (closing.getAsBoolean()) {
                throw new IOException("closed");
            }
            if (isListedBySenders(segment, whole) || !later.isEmpty() && mayHold(segment, later)) {
                erase(segment, later);
            }
        }
        for (PendingDeletion deletion : whole) {
            write(new JournalRecord.DeletionDone(deletion.segment()));
            removals.incrementAndGet();
            deletion.setErased();
        }
    }

    private boolean isListedBySenders(long segment, List<PendingDeletion> whole) throws IOException {
        for (PendingDeletion deletion : whole) {
            String sender = deletion.deletion().sender();
            if (!sender.isEmpty() && lists.haveDeletionsBy(sender, segment)) {
                return true;
            }
        }
        return false;
    }

    /** Copies a segment without what is deleted, if it has any of that. Returns the size of the segment. */
    private long erase(long segment, List<JournalRecord.Deletion> whole) throws IOException {
        long[] bytes = new long[1];
        indexes.change(() -> {
            Optional<Path> file = directory.find(segment);
            if (file.isPresent()) {
                bytes[0] = Files.size(file.get());
                int magic = magic(segment, file.get());
                lists.removeOfOther(segment, magic);
                if (SegmentRewrite.erase(segment, file.get(), whole, lists.read(segment, magic, Optional.empty()))) {
                    indexes.delete(segment);
                    directory.replace(file.get());
                }
            }
            unrecorded |= lists.has(segment);
            removals.incrementAndGet(); // before it is no longer known what was deleted
            lists.remove(segment);
        });
        return bytes[0];
    }

    private static int magic(long segment, Path file) throws IOException {
        try (SegmentReader reader = SegmentReader.open(segment, file, SegmentReader.SINGLE)) {
            return reader.hasHead() ? reader.magic() : 0;
        }
    }

    private boolean mayHold(long segment, List<JournalRecord.Deletion> whole) throws IOException {
        if (options.archive().isZero()) {
            return true; // segments have no index, unless messages were listed
        }
        try (SegmentIndexFile index = indexes.open(segment).orElse(null)) {
            if (index != null) {
                for (JournalRecord.Deletion deletion : whole) {
                    if (deletion.channel().isEmpty()
                            ? index.mayHold(deletion.sender())
                            : holds(index, deletion.channel())
                                    || holds(index, SegmentIndex.folds(deletion.channel()))) {
                        return true;
                    }
                }
            }
            return false;
        } catch (IndexBlocks.DamagedException e) {
            indexes.delete(segment);
            return true;
        }
    }

    private static boolean holds(SegmentIndexFile index, String channel) throws IOException {
        return index.ranges(channel).stream().anyMatch(range -> range.count() > 0);
    }

    /** Records before which segment no deletion is left to carry out, so that a start need not do it again. */
    private void recordDone(long active) throws IOException {
        long done = Math.min(
                active,
                Math.min(erasures.oldest().orElse(active), lists.oldest().orElse(active)));
        if (unrecorded && (done == active || done > recorded)) {
            write(new JournalRecord.ErasureDone(done));
            recorded = done;
            unrecorded = done < active;
        }
    }

    private void write(JournalRecord record) throws IOException {
        PendingRecord pending = new PendingRecord(record);
        if (!writer.offer(pending)) {
            throw new IOException("too much waits to be written already");
        }
        writer.flushOrWake();
        PendingRecord.await(pending.written(), WRITING_SECONDS);
    }

    /** Returns whether a start needs a segment, or one before it, to find what is not erased yet. */
    boolean isNeeded(long segment) {
        return deletions.begin(segment)
                || erasures.oldest().orElse(Long.MAX_VALUE) <= segment
                || lists.oldest().orElse(Long.MAX_VALUE) <= segment;
    }
}

package io.seleucia.chat.broker.journal;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.concurrent.Loop;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The sealed segments of a journal. The thread {@code journal-archive} indexes them, has the {@link Eraser} remove what is
 * deleted, and deletes them when they expire. Any thread may call the methods.
 */
final class Archive implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Archive.class.getName());
    private static final Duration ROUND = Duration.ofSeconds(1);
    private static final Duration RETRY = Duration.ofSeconds(10);
    private static final long CLOSING_SECONDS = 30;

    private final JournalDirectory directory;
    private final Duration age;
    private final SegmentIndexes indexes;
    private final Deletions deletions;
    private final Erasures erasures;
    private final DeletionLists lists;
    private final Eraser eraser;
    private final ActiveSegment active;
    private final ConcurrentSkipListSet<Long> sealed = new ConcurrentSkipListSet<>();
    private final AtomicLong newest = new AtomicLong(); // that was ever sealed
    private final Thread thread =
            Thread.ofPlatform().daemon().name("journal-archive").unstarted(this::run);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean closed;
    private boolean failing; // used by the thread alone

    /**
     * Lists the segments of a directory, before the active one is opened.
     *
     * @param options with the age of the archive; zero: a segment stays only as long as a start needs it
     * @param recovery has found deletions that are not complete, and damages
     */
    Archive(
            JournalDirectory directory,
            JournalOptions options,
            ActiveSegment active,
            JournalWriter writer,
            JournalRecovery recovery)
            throws IOException {
        this.directory = directory;
        this.age = options.archive();
        this.active = active;
        this.indexes = new SegmentIndexes(directory);
        this.deletions = new Deletions(writer, recovery.deletions());
        this.erasures = recovery.erasures();
        this.lists = new DeletionLists(directory);
        this.eraser = new Eraser(directory, options, indexes, deletions, erasures, lists, writer);
        indexes.addDamaged(recovery.damaged());
        directory.removeUnfinished();
        lists.open();
        sealed.addAll(directory.archived());
        sealed.addAll(directory.segments());
        newest.set(sealed.isEmpty() ? 0 : sealed.last());
    }

    /** Begins to work. Called when the active segment has been opened, and before any message is read. */
    void begin() throws IOException {
        deletions.onWritten(() -> LockSupport.unpark(thread));
        eraser.listSkipped(new Moment());
        thread.start();
    }

    /** The segments at a moment. */
    private final class Moment implements Eraser.Segments {
        @Override
        public long active() {
            return active.current().number();
        }

        @Override
        public NavigableSet<Long> sealedBefore(long number) {
            return sealed(number);
        }
    }

    /** Returns the numbers of the sealed segments, when this one is active. Does not block. */
    NavigableSet<Long> sealed(long current) {
        for (long number = newest.get() + 1; number < current; number++) {
            sealed.add(number);
        }
        newest.accumulateAndGet(current - 1, Math::max);
        return sealed.headSet(current, false);
    }

    SegmentIndexes indexes() {
        return indexes;
    }

    /** Returns the deletions of channels and senders. */
    Deletions deletions() {
        return deletions;
    }

    /** Returns the deleted messages that are still to be listed or erased. */
    Erasures erasures() {
        return erasures;
    }

    /** Returns the deleted messages that are still to be erased, except those in {@link #erasures}. */
    DeletionLists lists() {
        return lists;
    }

    /** See {@link Eraser#removals}. */
    long removals() {
        return eraser.removals();
    }

    /** Returns whether a start still needs a segment, for it has a deletion that is not complete. */
    boolean isNeeded(long segment) {
        return eraser.isNeeded(segment);
    }

    /** Moves or deletes a segment that a start no longer needs. May block for as long as the rewrite of a segment takes. */
    void retire(long segment) throws IOException {
        indexes.change(() -> {
            if (age.isZero()) {
                delete(segment, directory.segment(segment));
            } else {
                directory.retire(segment);
            }
        });
    }

    /** Ends the thread. Blocks until it has left the directory, which may take as long as a rewrite of a segment. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        if (thread.isAlive() && !JournalWriter.await(ended, CLOSING_SECONDS)) {
            LOG.log(
                    Level.WARNING,
                    "the archive of the journal in " + directory + " is still being written after " + CLOSING_SECONDS
                            + " s");
        }
    }

    private void run() {
        try {
            Loop.run(LOG, "the journal's archive", () -> !closed, this::workAndWait);
            deletions.failAll(new IOException("closed"));
        } finally {
            ended.countDown();
        }
    }

    private void workAndWait() throws InterruptedException {
        Duration pause = round();
        if (!pause.isZero() && (deletions.areErased() || failing)) {
            LockSupport.parkNanos(pause.toNanos()); // returns at once after an unpark
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    /** Does what is due, a part of it if that is much. Returns how long to wait before the next round. */
    private Duration round() {
        try {
            boolean more = eraser.run(new Moment(), () -> closed);
            deleteExpired();
            index();
            failing = false;
            return more ? Duration.ZERO : ROUND;
        } catch (Throwable e) {
            deletions.failAll(e);
            if (e instanceof OutOfMemoryError || !failing && !(e instanceof IOException)) {
                Loop.report(LOG, "maintaining a journal's archive, which is retried,", e);
            } else if (!failing && !closed) {
                LOG.log(
                        Level.WARNING,
                        "the archive of the journal in " + directory
                                + " can't be maintained, which is retried; check the disk: " + e.getMessage());
            }
            failing = true;
            return RETRY;
        }
    }

    private void index() throws IOException {
        if (!age.isZero()) {
            for (long segment : sealed(active.current().number())) {
                if (closed || !deletions.areErased()) {
                    return;
                }
                indexes.createIfMissing(segment);
            }
        }
    }

    private void deleteExpired() throws IOException {
        if (age.compareTo(Retention.FOREVER) < 0) {
            Instant oldest = Instant.now().minus(age);
            for (long segment : directory.archived()) {
                Path file = directory.archived(segment);
                if (closed || !Files.getLastModifiedTime(file).toInstant().isBefore(oldest)) {
                    return;
                }
                indexes.change(() -> delete(segment, file));
            }
        }
    }

    private void delete(long segment, Path file) throws IOException {
        indexes.delete(segment); // first, for an index without its segment is reported as a missing segment
        Files.delete(file);
        lists.remove(segment);
        sealed.remove(segment);
    }
}

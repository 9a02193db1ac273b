package io.seleucia.chat.broker.journal;

import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.concurrent.Loop;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The thread {@code journal-sync}, which every second syncs the journal, unless the settings say otherwise, and records its
 * extent. It outlives the writer's thread: at the end it syncs the rest and releases the directory.
 */
final class JournalSyncer {
    private static final Logger LOG = System.getLogger(JournalSyncer.class.getName());
    private static final long SYNC_SECONDS = 1;

    private final JournalDirectory directory;
    private final Fsync fsync;
    private final ActiveSegment active;
    private final Archive archive;
    private final CountDownLatch written; // nothing more will be written
    private final CountDownLatch released = new CountDownLatch(1); // another process may have the directory
    private boolean failing; // used by the thread alone
    private SegmentExtent recorded; // used by the starting thread, then by its own

    JournalSyncer(
            JournalDirectory directory, Fsync fsync, ActiveSegment active, Archive archive, CountDownLatch written) {
        this.directory = directory;
        this.fsync = fsync;
        this.active = active;
        this.archive = archive;
        this.written = written;
    }

    void start() {
        Thread.ofPlatform().daemon().name("journal-sync").start(this::run);
    }

    /** Returns a latch that opens when the directory has been released. */
    CountDownLatch released() {
        return released;
    }

    private void run() {
        Loop.run(LOG, "syncing the journal", () -> written.getCount() > 0, () -> {
            written.await(SYNC_SECONDS, TimeUnit.SECONDS);
            sync();
            tryToRecordExtent();
        });
        try {
            Loop.attempt(LOG, "syncing the journal", this::sync); // what was written as it ended
            Loop.attempt(LOG, "recording how far the journal reaches", this::tryToRecordExtent);
            Loop.attempt(LOG, "closing the archive", archive::close); // before another process may have the directory
            close(active.current());
        } finally {
            close(directory);
            released.countDown();
        }
    }

    private void tryToRecordExtent() {
        try {
            recordExtent(false);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "how far the journal reaches is not recorded: " + e);
        }
    }

    /** Records how far the journal reaches, and syncs that if {@code durably}. */
    void recordExtent(boolean durably) throws IOException {
        Segment segment = active.current();
        SegmentExtent extent = new SegmentExtent(segment.number(), segment.committed());
        if (!extent.equals(recorded)) {
            extent.write(directory.file(SegmentExtent.FILE), durably);
            recorded = extent;
        }
    }

    /** Closes something, and logs a failure. */
    void close(AutoCloseable what) {
        try {
            what.close();
        } catch (Exception e) {
            LOG.log(Level.WARNING, "the journal in " + directory + " can't be closed: " + e.getMessage());
        }
    }

    /** Syncs everything written, and closes the sealed segments. A segment that fails is retried. */
    private void sync() {
        IOException failure = null;
        for (Segment old : active.sealed()) {
            try {
                if (fsync == Fsync.INTERVAL) {
                    old.force();
                }
                active.sealed().remove(old);
                old.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (fsync == Fsync.INTERVAL && active.isUnsynced()) {
            active.setUnsynced(false);
            try {
                active.current().force();
            } catch (IOException e) {
                active.setUnsynced(true);
                failure = e;
            }
        }
        if (failure != null && !failing) {
            LOG.log(
                    Level.ERROR,
                    "the journal can't be synced, so a power failure may cost messages; check the disk: "
                            + failure.getMessage());
        }
        failing = failure != null;
    }
}

package io.seleucia.chat.broker;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What an in-memory broker has acknowledged, in a directory: records are only ever added at the end, to segments of
 * which the oldest go when their time is over.
 *
 * <p>It is opened, which reads all there is, and begun. From then on whoever has something to be written leaves it here
 * and is told when it is: one thread at a time takes all that waits, writes it at once and tells them all. That is the
 * writer, or a publisher that finds nobody at it: a write that only copies takes less than waiting for another thread.
 * As soon as a write was slow, and where each is synced, the writer does it alone, for a virtual thread that blocks in a
 * file holds its carrier. The syncing thread brings to the disk what was written, every second, where that is wanted.
 *
 * <p>A write that fails takes back what it has written and tells those who wait; the next one is tried all the same.
 */
final class Journal implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Journal.class.getName());
    static final long SEGMENT_BYTES = 64 * 1024 * 1024;
    private static final long MAX_WAITING_BYTES = 64 * 1024 * 1024;
    private static final int BATCH_BYTES = 1024 * 1024;
    private static final int BATCH = 1_000;
    private static final int SEGMENTS_IN_A_LIFETIME = 8;
    private static final Duration IDLE = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration SLOW = Duration.ofMillis(20);
    private static final Duration LEAVE_IT = Duration.ofSeconds(1);
    private static final long SYNC_SECONDS = 1;
    private static final long CLOSING_SECONDS = 2;

    /** Something to be written. The journal's writer calls it, but for {@link #bytes}. */
    interface Entry {
        /** What to write; empty if nobody wants it any more. */
        Optional<JournalRecord> record();

        /** Whoever opens the directory next will read it. */
        void written(long segment);

        void failed(IOException why);

        /** About how much memory it takes. */
        long bytes();
    }

    /**
     * How it is kept.
     *
     * @param keep how long a start needs a segment after it was last written
     * @param archive how long it stays readable after that time; zero: no longer than a start needs it
     * @param segmentBytes when the next segment begins
     */
    record Options(InMemoryBroker.Fsync fsync, Duration keep, Duration archive, long segmentBytes) {}

    /** Is given what the journal holds. */
    interface Reader {
        void read(JournalRecord record, long segment);
    }

    private final JournalDirectory directory;
    private final InMemoryBroker.Fsync fsync;
    private final Duration keep;
    private final long segmentBytes;
    private final JournalArchive archive;
    private final Optional<JournalHistory> history;
    private final String boot = JournalDirectory.boot();
    private final JournalRecovery recovery;

    private final ConcurrentLinkedQueue<Entry> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private volatile boolean closed; // nothing is taken any more
    private final CountDownLatch ended = new CountDownLatch(1); // the writer has
    private final CountDownLatch released = new CountDownLatch(1); // the directory is

    private final Thread writer =
            Thread.ofPlatform().daemon().name("journal-writer").unstarted(this::write);
    private volatile long slowAt = System.nanoTime() - LEAVE_IT.toNanos(); // when a write took long

    private final ConcurrentLinkedQueue<JournalSegment> full = new ConcurrentLinkedQueue<>(); // to be synced and closed
    private volatile boolean unsynced;
    private JournalExtent noted; // only by one thread at a time

    private final ReentrantLock writing = new ReentrantLock(); // guards all below, and is held while it is written
    private volatile JournalSegment current; // read without the lock as well
    private JournalRecord.Start start; // what every segment begins with
    private long begunAt; // when the current segment was
    private long emptyBytes; // its size then
    private long sealedAt; // the size of the current segment behind its end, if that is written already
    private boolean turn; // what is written next begins a segment
    private volatile boolean failing; // read without the lock as well

    private Journal(JournalDirectory directory, Options options, JournalRecovery recovery) throws IOException {
        this.directory = directory;
        this.fsync = options.fsync();
        this.keep = options.keep();
        this.segmentBytes = options.segmentBytes();
        this.recovery = recovery;
        this.archive = new JournalArchive(directory, options.archive(), this, recovery);
        this.history = options.archive().isZero()
                ? Optional.empty()
                : Optional.of(new JournalHistory(this, archive, directory));
    }

    /**
     * Opens the journal in a directory, which is made where there is none, and reads it.
     *
     * @throws IOException if that can't be done, or another server has the directory
     */
    static Journal open(Path path, Options options, Reader reader) throws IOException {
        JournalDirectory directory = JournalDirectory.open(path);
        JournalRecovery recovery = null;
        try {
            recovery = JournalRecovery.read(directory, JournalDirectory.boot(), reader);
            return new Journal(directory, options, recovery);
        } catch (IOException | RuntimeException | Error e) {
            try (directory) {
                if (recovery != null) {
                    recovery.close();
                }
            }
            throw e;
        }
    }

    /** Gives back what is open, after a start that failed. Blocks for two seconds at the most. */
    void abandon() {
        closed = true;
        LockSupport.unpark(writer);
        try {
            if (writer.isAlive() && !ended.await(CLOSING_SECONDS, TimeUnit.SECONDS)) {
                LOG.log(Level.WARNING, "the journal in " + directory + " does not come to an end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        archive.close();
        try (directory;
                recovery) {
            if (current != null) {
                current.close();
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the journal in " + directory + " can't be closed: " + e.getMessage());
        }
    }

    /**
     * Whether what was read is all that was ever delivered. If it is not, positions may have been told that are beyond
     * it, and no epoch may go on.
     */
    boolean isComplete() {
        return recovery.isComplete();
    }

    /**
     * Writes what must stand before all that is to come, and takes entries from now on.
     *
     * @param epoch of the channels in which nothing was published yet
     */
    void begin(String epoch, List<JournalRecord> first) throws IOException {
        start = start(epoch);
        if (recovery.last().isPresent()) {
            current = recovery.last().get();
            begunAt = System.nanoTime();
        } else {
            roll(recovery.newest() + 1);
        }
        appendAll(first);
        if (first.isEmpty()) {
            appendAll(List.of(start));
        } else {
            roll(current.number() + 1); // for what links epochs is twice there, and not in one file alone
        }
        appendAll(recovery.notes()); // behind these: without them, all is made again
        appendAll(first);
        noteExtent(!first.isEmpty()); // which may be less than before: it must not be doubted again
        if (directory.isRestored()) {
            current.force();
            directory.unmarkRestored();
        }
        writer.start();
        Thread.ofPlatform().daemon().name("journal-sync").start(this::sync);
        archive.begin();
    }

    /** What is older than what a start reads; empty where that is not kept. */
    Optional<JournalHistory> history() {
        return history;
    }

    /** The segment that is being written. */
    JournalSegment current() {
        return current;
    }

    /** Takes messages out of all files. Like {@link JournalArchive#erase}. */
    CompletableFuture<Void> erase(JournalRecord.Deletion deletion, long segment) {
        return archive.erase(deletion, segment);
    }

    /** What is to be written when the epoch of channels without messages becomes another. */
    JournalRecord.Start start(String epoch) {
        return new JournalRecord.Start(boot, fsync == InMemoryBroker.Fsync.ALWAYS, epoch);
    }

    /**
     * Leaves something to be written; false if too much waits already, or the journal is closed. Does not block. What is
     * left stands in the journal in the order in which it was left, after somebody has called {@link #hurry}.
     */
    boolean offer(Entry entry) {
        if (closed) {
            return false;
        }
        if (waitingBytes.addAndGet(entry.bytes()) > MAX_WAITING_BYTES) {
            waitingBytes.addAndGet(-entry.bytes());
            return false;
        }
        waiting.add(entry);
        return true;
    }

    /** Sees to it that what waits is written: here and now if that is quick, else by the writer. */
    void hurry() {
        long now = System.nanoTime();
        if (fsync != InMemoryBroker.Fsync.ALWAYS && now - slowAt > LEAVE_IT.toNanos() && writing.tryLock()) {
            try {
                if (current.size() <= segmentBytes) {
                    writeWaiting();
                }
            } finally {
                writing.unlock();
            }
            long end = System.nanoTime();
            if (end - now > SLOW.toNanos()) {
                slowAt = end;
            }
        }
        if (!waiting.isEmpty()) {
            LockSupport.unpark(writer);
        }
    }

    /** Whether what was last to be written could not be. It is tried again every so often. */
    boolean isFailing() {
        return failing;
    }

    /** The oldest segment, if its time is over. */
    OptionalLong expired() throws IOException {
        long oldest = directory.segments().getFirst();
        boolean over = oldest != current.number()
                && !archive.isNeeded(oldest)
                && Files.getLastModifiedTime(directory.segment(oldest))
                        .toInstant()
                        .isBefore(Instant.now().minus(keep));
        return over ? OptionalLong.of(oldest) : OptionalLong.empty();
    }

    /** Takes away the oldest segment, of which a start may need nothing any more: to the archive, if there is one. */
    void retire(long segment) throws IOException {
        archive.retire(segment);
    }

    /** Writes what waits. Blocks for two seconds at the most. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(writer);
        try {
            if (!released.await(CLOSING_SECONDS, TimeUnit.SECONDS)) {
                LOG.log(Level.WARNING, "the journal in " + directory + " does not come to an end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        writing.lock();
        try {
            while (!closed) {
                if (failing) {
                    offer(new JournalNote(start)); // asks whether it works again: perhaps nobody publishes
                }
                while (!waiting.isEmpty()) {
                    writeWaiting();
                }
                rollIfOld();
                writing.unlock();
                try {
                    LockSupport.parkNanos((failing ? RETRY : IDLE).toNanos());
                } finally {
                    writing.lock();
                }
            }
            writeWaiting();
            append(List.of(new JournalRecord.Stop().encoded()));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the journal in " + directory + " does not end in good order: " + e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "the journal's writer has failed: publishing fails from now on", e);
        } finally {
            closed = true;
            ended.countDown();
            writing.unlock();
        }
    }

    private void writeWaiting() {
        List<Entry> entries = new ArrayList<>();
        List<byte[]> records = new ArrayList<>();
        int bytes = 0;
        for (Entry entry = waiting.poll(); entry != null; entry = waiting.poll()) {
            waitingBytes.addAndGet(-entry.bytes());
            Optional<JournalRecord> record = entry.record();
            if (record.isPresent() && record.get() instanceof JournalRecord.Deletion) {
                commit(entries, records);
                entries.clear();
                records.clear();
                bytes = 0;
                turn = true; // what was before it is in other files
            }
            if (record.isPresent()) {
                entries.add(entry);
                records.add(record.get().encoded());
                bytes += records.getLast().length;
                if (record.get() instanceof JournalRecord.Start next) {
                    start = next;
                }
            }
            if (bytes > BATCH_BYTES) {
                commit(entries, records); // before the next is asked for, which may go with what fails
                entries.clear();
                records.clear();
                bytes = 0;
            }
        }
        commit(entries, records);
    }

    private void commit(List<Entry> entries, List<byte[]> records) {
        if (entries.isEmpty()) {
            return;
        }
        try {
            if (turn || current.size() > segmentBytes) {
                roll(current.number() + 1);
                turn = false;
            }
            append(records);
        } catch (IOException e) {
            if (!failing) {
                failing = true;
                LOG.log(
                        Level.WARNING,
                        "the journal can't be written, publishing fails until it can: " + e.getMessage());
            }
            entries.forEach(entry -> entry.failed(e));
            return;
        }
        if (failing) {
            failing = false;
            LOG.log(Level.INFO, "the journal can be written again");
        }
        long segment = current.number();
        entries.forEach(entry -> entry.written(segment));
    }

    private void appendAll(List<JournalRecord> records) throws IOException {
        for (int i = 0; i < records.size(); i += BATCH) {
            append(records.subList(i, Math.min(records.size(), i + BATCH)).stream()
                    .map(JournalRecord::encoded)
                    .toList());
        }
    }

    private void append(List<byte[]> records) throws IOException {
        long before = current.size();
        current.append(records);
        if (fsync == InMemoryBroker.Fsync.ALWAYS) {
            try {
                current.force();
            } catch (IOException e) {
                current.cut(before);
                throw e;
            }
        }
        current.commit();
        unsynced = true;
    }

    private void rollIfOld() {
        long age = System.nanoTime() - begunAt;
        if (current.size() > emptyBytes
                && age > keep.dividedBy(SEGMENTS_IN_A_LIFETIME).toNanos()) {
            try {
                roll(current.number() + 1);
            } catch (IOException e) {
                LOG.log(Level.DEBUG, () -> "no new segment yet: " + e);
            }
        }
    }

    /** Ends the segment that is written, so that it can be seen later that nothing is missing there. */
    private void seal() throws IOException {
        if (current != null && current.size() != sealedAt) {
            append(List.of(new JournalRecord.Sealed().encoded()));
            sealedAt = current.size();
        }
    }

    /** Notes how far the journal reaches. */
    private void noteExtent(boolean durably) throws IOException {
        JournalSegment segment = current;
        JournalExtent extent = new JournalExtent(segment.number(), segment.committed());
        if (!extent.equals(noted)) {
            extent.write(directory.extent(), durably);
            noted = extent;
        }
    }

    /** Begins a new segment. */
    private void roll(long number) throws IOException {
        seal();
        JournalSegment next = JournalSegment.create(directory.segment(number), number);
        try {
            next.append(List.of(start.encoded()));
            if (fsync != InMemoryBroker.Fsync.NEVER) {
                directory.force();
            }
        } catch (IOException e) {
            next.delete();
            throw e;
        }
        next.commit();
        if (current != null) {
            full.add(current);
        }
        current = next;
        sealedAt = 0;
        emptyBytes = next.size();
        begunAt = System.nanoTime();
    }

    private void sync() {
        boolean failed = false;
        try {
            while (!ended.await(SYNC_SECONDS, TimeUnit.SECONDS)) {
                failed = !isSynced(failed);
                noteExtentOrSay();
            }
            isSynced(failed);
            noteExtentOrSay();
            archive.close(); // before another process may have the directory
            current.close();
            directory.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the journal in " + directory + " can't be closed: " + e.getMessage());
        } catch (InterruptedException | RuntimeException e) {
            LOG.log(Level.ERROR, "the journal is no longer brought to the disk", e);
        } finally {
            released.countDown();
        }
    }

    private void noteExtentOrSay() {
        try {
            noteExtent(false);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "not noted how far the journal reaches: " + e);
        }
    }

    /** Brings to the disk what was written, and closes the segments that are full; false if that fails. */
    private boolean isSynced(boolean complained) {
        try {
            for (JournalSegment old = full.peek(); old != null; old = full.peek()) {
                if (fsync == InMemoryBroker.Fsync.INTERVAL) {
                    old.force();
                }
                old.close();
                full.remove();
            }
            if (fsync == InMemoryBroker.Fsync.INTERVAL && unsynced) {
                unsynced = false;
                current.force();
            }
            return true;
        } catch (IOException e) {
            unsynced = true;
            if (!complained) {
                LOG.log(
                        Level.ERROR,
                        "the journal can't be brought to the disk, a loss of power may cost messages: "
                                + e.getMessage());
            }
            return false;
        }
    }
}

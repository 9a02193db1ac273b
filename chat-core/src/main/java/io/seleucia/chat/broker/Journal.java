package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
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
 * A publisher may be interrupted at any time: no file is used in a way that an interrupt could end, see {@link
 * JournalFile}.
 *
 * <p>Every entry that is taken is told once that it is written or that it has failed, in the order in which the entries
 * came, whatever is thrown meanwhile. A write that fails takes back what it has written; the next one is tried all the
 * same, but only when what the failed one may have left is gone.
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
        /** What to write; empty if it is no longer wanted. */
        Optional<JournalRecord> record();

        /** Whoever opens the directory next will read it. */
        void written(long segment);

        /** It is not written, and no start will read it. */
        void failed(Throwable why);

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
    private boolean unsyncable; // the syncing thread's own: the last attempt failed
    private JournalExtent noted; // only by one thread at a time

    private final ReentrantLock writing = new ReentrantLock(); // guards all below, and is held while it is written
    private volatile JournalSegment current; // read without the lock as well
    private JournalRecord.Start start; // what every segment begins with
    private long begunAt; // when the current segment was
    private long emptyBytes; // its size then
    private long sealedAt; // the size of the current segment behind its end, if that is written already
    private boolean turn; // what is written next begins a segment
    private volatile boolean failing; // read without the lock as well

    // What is written next, at once.
    private final List<Entry> entries = new ArrayList<>();
    private final List<byte[]> records = new ArrayList<>(); // theirs
    private int bytes; // of the records

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
        if (writer.isAlive() && !await(ended, CLOSING_SECONDS)) {
            LOG.log(Level.WARNING, "the journal in " + directory + " does not come to an end");
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
        try {
            waiting.add(entry);
        } catch (Throwable e) {
            waitingBytes.addAndGet(-entry.bytes());
            throw e;
        }
        return true;
    }

    /** Returns why nothing is taken at this moment. */
    String refusal() {
        return closed ? "the broker is closed" : "too much waits to be written already";
    }

    /** Sees to it that what waits is written: here and now if that is quick, else by the writer. Throws nothing. */
    void hurry() {
        long now = System.nanoTime();
        if (fsync != InMemoryBroker.Fsync.ALWAYS
                && now - slowAt > LEAVE_IT.toNanos()
                && !writing.isHeldByCurrentThread() // as by one that publishes what it logs
                && writing.tryLock()) {
            try {
                if (ended.getCount() > 0 && current.size() <= segmentBytes) {
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
            if (ended.getCount() > 0) {
                LockSupport.unpark(writer);
            } else {
                refuse();
            }
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
        if (!await(released, CLOSING_SECONDS)) {
            LOG.log(Level.WARNING, "the journal in " + directory + " does not come to an end");
        }
    }

    /** Waits for a latch, interrupted or not; false if that takes longer. The thread stays interrupted. */
    static boolean await(CountDownLatch latch, long seconds) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return latch.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void write() {
        Loop.run(LOG, "the journal's writer", () -> !closed, this::writeAndWait);
        end();
    }

    private void writeAndWait() throws InterruptedException {
        writing.lock();
        try {
            if (failing) {
                // Asks whether it works again: perhaps nothing is published. A newer start may be waiting before this
                // one.
                offer(new JournalNote(() -> start));
            }
            writeWaiting();
            rollIfOld();
        } finally {
            writing.unlock();
        }
        if (waiting.isEmpty() && !closed) {
            LockSupport.parkNanos((failing ? RETRY : IDLE).toNanos());
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    private void end() {
        writing.lock();
        try {
            writeWaiting();
            append(List.of(new JournalRecord.Stop().encoded()));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the journal in " + directory + " does not end in good order: " + e.getMessage());
        } catch (Throwable e) {
            Loop.report(LOG, "ending the journal in good order", e);
        } finally {
            ended.countDown();
            writing.unlock();
        }
        refuse(); // what was left here at this very moment; what comes later is refused by those who leave it
    }

    /** Fails what waits, for it is never written. */
    private void refuse() {
        for (Entry entry = waiting.poll(); entry != null; entry = waiting.poll()) {
            tell(entry, new IOException("the journal is closed"));
        }
    }

    /** Writes what waits, and tells it. Throws nothing. */
    private void writeWaiting() {
        for (Entry entry = waiting.poll(); entry != null; entry = waiting.poll()) {
            take(entry);
        }
        commit();
    }

    /** Adds an entry to what is written next. */
    private void take(Entry entry) {
        try {
            waitingBytes.addAndGet(-entry.bytes());
            Optional<JournalRecord> record = entry.record();
            if (record.isEmpty()) {
                return;
            }
            if (record.get() instanceof JournalRecord.Deletion) {
                commit();
                turn = true; // what was before it is in other files
            }
            if (record.get() instanceof JournalRecord.Start next) {
                start = next;
            }
            byte[] encoded = record.get().encoded();
            if (encoded.length > JournalReader.MAX_RECORD) {
                throw new IOException("a record of " + encoded.length + " bytes is too large for the journal");
            }
            entries.add(entry);
            records.add(encoded);
            bytes += encoded.length;
        } catch (Throwable e) {
            if (entries.size() > records.size()) {
                entries.removeLast();
            }
            commit(); // what came before it keeps its place; what follows it in its channel goes with it
            Loop.report(LOG, "a record of the journal", e);
            tell(entry, e);
        }
        if (bytes > BATCH_BYTES) {
            commit(); // before the next is asked for, which may go with what fails
        }
    }

    /** Writes what has been taken, and tells it. Throws nothing. */
    private void commit() {
        if (entries.isEmpty()) {
            return;
        }
        Throwable failure = null;
        try {
            if (turn || current.size() > segmentBytes) {
                roll(current.number() + 1);
                turn = false;
            }
            append(records);
        } catch (Throwable e) {
            failure = e;
        }
        note(failure);
        for (int i = 0; i < entries.size(); i++) {
            tell(entries.get(i), failure);
        }
        entries.clear();
        records.clear();
        bytes = 0;
    }

    /** Notes, and logs, whether the journal can be written. */
    private void note(Throwable failure) {
        boolean before = failing;
        if (before != (failure != null)) {
            failing = !before;
            Loop.attempt(LOG, "logging", () -> log(failure));
        } else if (failure instanceof OutOfMemoryError) {
            Loop.report(LOG, "writing the journal", failure); // the process may have to end, whatever was before
        }
    }

    private static void log(Throwable failure) {
        if (failure == null) {
            LOG.log(Level.INFO, "the journal can be written again");
        } else if (failure instanceof IOException) {
            LOG.log(
                    Level.WARNING,
                    "the journal can't be written, publishing fails until it can: " + failure.getMessage());
        } else {
            Loop.report(LOG, "writing the journal, without which publishing fails,", failure);
        }
    }

    /**
     * Tells an entry what became of it.
     *
     * @param failure null if it is in the segment that is written now
     */
    private void tell(Entry entry, Throwable failure) {
        try {
            if (failure == null) {
                entry.written(current.number());
            } else {
                entry.failed(failure);
            }
        } catch (Throwable e) {
            Loop.report(LOG, "an entry of the journal", e);
        }
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
            } catch (Throwable e) {
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
        if (current != null) {
            current.settle();
        }
        seal();
        JournalSegment next = JournalSegment.create(directory.segment(number), number);
        try {
            next.append(List.of(start.encoded()));
            if (fsync != InMemoryBroker.Fsync.NEVER) {
                directory.force();
            }
            if (current != null) {
                full.add(current);
            }
        } catch (Throwable e) {
            next.discard(e);
            throw e;
        }
        next.commit();
        current = next;
        sealedAt = 0;
        emptyBytes = next.size();
        begunAt = System.nanoTime();
    }

    private void sync() {
        Loop.run(LOG, "bringing the journal to the disk", () -> ended.getCount() > 0, () -> {
            ended.await(SYNC_SECONDS, TimeUnit.SECONDS);
            syncAll();
            noteExtentOrSay();
        });
        try {
            Loop.attempt(LOG, "bringing the journal to the disk", this::syncAll); // what was written as it ended
            noteExtentOrSay();
            archive.close(); // before another process may have the directory
            close(current);
            close(directory);
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

    private void close(AutoCloseable what) {
        try {
            what.close();
        } catch (Exception e) {
            LOG.log(Level.WARNING, "the journal in " + directory + " can't be closed: " + e.getMessage());
        }
    }

    /** Brings to the disk what was written, and closes the segments that are full. One that fails is tried again. */
    private void syncAll() {
        IOException failure = null;
        for (JournalSegment old : full) {
            try {
                if (fsync == InMemoryBroker.Fsync.INTERVAL) {
                    old.force();
                }
                full.remove(old);
                old.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (fsync == InMemoryBroker.Fsync.INTERVAL && unsynced) {
            unsynced = false;
            try {
                current.force();
            } catch (IOException e) {
                unsynced = true;
                failure = e;
            }
        }
        if (failure != null && !unsyncable) {
            LOG.log(
                    Level.ERROR,
                    "the journal can't be brought to the disk, a loss of power may cost messages: "
                            + failure.getMessage());
        }
        unsyncable = failure != null;
    }
}

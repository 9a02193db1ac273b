package io.seleucia.chat.broker.journal;

import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.concurrent.Loop;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The queue of a journal and its group commit: one thread at a time takes all waiting entries, writes them together and
 * tells each. That is a publisher's thread if no other is writing, for a write that only copies takes less time than waiting
 * for another thread; otherwise the writer's own thread, {@code journal-writer}. That thread alone writes after a slow write
 * and if each write is synced, for a virtual thread that blocks in a file holds its carrier.
 *
 * <p>Every accepted entry is told once, in the order of arrival, that it is written or that it has failed. A failed write
 * removes its bytes. Nothing else is written before they are gone.
 */
final class JournalWriter {
    private static final Logger LOG = System.getLogger(JournalWriter.class.getName());
    private static final long MAX_WAITING_BYTES = 64 * 1024 * 1024;
    private static final int BATCH_BYTES = 1024 * 1024;
    private static final Duration IDLE = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration SLOW = Duration.ofMillis(20);
    private static final Duration AFTER_SLOW = Duration.ofSeconds(1); // for which publishers do not write

    private final ActiveSegment active;
    private final boolean alone; // only the own thread writes
    private final ConcurrentLinkedQueue<JournalEntry> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final Thread thread =
            Thread.ofPlatform().daemon().name("journal-writer").unstarted(this::run);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean closed; // no entry is accepted any more
    private volatile long slowAt = System.nanoTime() - AFTER_SLOW.toNanos(); // when a write was slow
    private volatile boolean failing; // changed with the lock

    private final ReentrantLock writing = new ReentrantLock(); // guards the next, and is held while they are written
    private final List<JournalEntry> batch = new ArrayList<>();
    private final List<byte[]> records = new ArrayList<>(); // the batch's
    private int bytes; // of the records
    private boolean rollFirst; // the batch begins a segment

    JournalWriter(ActiveSegment active, Fsync fsync) {
        this.active = active;
        this.alone = fsync == Fsync.ALWAYS;
    }

    void start() {
        thread.start();
    }

    /**
     * Queues an entry. Does not block. Entries are written in the order of these calls, at the next {@link #flushOrWake}.
     * Returns false if too much waits already, or the journal is closed.
     */
    boolean offer(JournalEntry entry) {
        if (closed) {
            return false;
        }
        if (waitingBytes.addAndGet(entry.bytes()) > MAX_WAITING_BYTES) {
            waitingBytes.addAndGet(-entry.bytes());
            return false;
        }
        try {
            waiting.add(entry);
            return true;
        } catch (Throwable e) {
            waitingBytes.addAndGet(-entry.bytes());
            throw e;
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** Returns whether the last write failed. It is retried every second. */
    boolean isFailing() {
        return failing;
    }

    /** Writes the waiting entries in the calling thread if that is quick, and wakes the own thread otherwise. Never throws. */
    void flushOrWake() {
        long now = System.nanoTime();
        if (!alone
                && now - slowAt > AFTER_SLOW.toNanos()
                && !writing.isHeldByCurrentThread() // as when a log handler publishes
                && writing.tryLock()) {
            try {
                if (ended.getCount() > 0 && !active.isFull()) {
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
                LockSupport.unpark(thread);
            } else {
                refuse();
            }
        }
    }

    /** Accepts no more entries, and lets the own thread write the waiting ones and end. Does not block. */
    void close() {
        closed = true;
        LockSupport.unpark(thread);
    }

    /** Returns a latch that opens when nothing more will be written. */
    CountDownLatch ended() {
        return ended;
    }

    boolean isRunning() {
        return thread.isAlive();
    }

    /** Waits for a latch even if interrupted, which the thread then stays. Returns false if that takes longer. */
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

    private void run() {
        Loop.run(LOG, "the journal's writer", () -> !closed, this::writeAndWait);
        end();
    }

    private void writeAndWait() throws InterruptedException {
        writing.lock();
        try {
            if (failing) {
                probe();
            }
            writeWaiting();
            active.rollIfOld();
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

    /**
     * Writes a record without effect, to find out whether writing works again even if nothing is published. It goes before
     * all waiting entries, for a newer {@link JournalRecord.Start} may be among them.
     */
    private void probe() {
        PendingRecord probe = new PendingRecord(active.start());
        waitingBytes.addAndGet(probe.bytes());
        addToBatch(probe);
    }

    private void end() {
        writing.lock();
        try {
            writeWaiting();
            active.append(List.of(new JournalRecord.Stop().encoded()));
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "the journal has not recorded that it was closed; the next start may begin new epochs: "
                            + e.getMessage());
        } catch (Throwable e) {
            Loop.report(LOG, "recording that the journal is closed", e);
        } finally {
            ended.countDown();
            writing.unlock();
        }
        refuse(); // entries that came at this very moment; later ones are refused in flushOrWake()
    }

    /** Fails the waiting entries, which are never written. */
    private void refuse() {
        for (JournalEntry entry = waiting.poll(); entry != null; entry = waiting.poll()) {
            tell(entry, new IOException("the journal is closed"));
        }
    }

    /** Writes the waiting entries, and tells them. Never throws. */
    private void writeWaiting() {
        for (JournalEntry entry = waiting.poll(); entry != null; entry = waiting.poll()) {
            addToBatch(entry);
        }
        commit();
    }

    private void addToBatch(JournalEntry entry) {
        try {
            waitingBytes.addAndGet(-entry.bytes());
            Optional<JournalRecord> record = entry.record();
            if (record.isEmpty()) {
                return;
            }
            if (record.get() instanceof JournalRecord.Deletion || record.get() instanceof JournalRecord.ErasureBegun) {
                commit();
                rollFirst = true; // everything before it is in earlier files
            }
            if (record.get() instanceof JournalRecord.Start next) {
                active.setStart(next);
            }
            byte[] encoded = record.get().encoded();
            if (encoded.length > SegmentFormat.MAX_RECORD) {
                throw new IOException("a record of " + encoded.length + " bytes is too large for the journal");
            }
            batch.add(entry);
            records.add(encoded);
            bytes += encoded.length;
        } catch (Throwable e) {
            if (batch.size() > records.size()) {
                batch.removeLast();
            }
            commit(); // entries before it keep their places; those after it in its channel fail with it
            Loop.report(LOG, "a record of the journal", e);
            tell(entry, e);
        }
        if (bytes > BATCH_BYTES) {
            commit(); // before the next record is asked for: if this fails, the next entry may fail with it
        }
    }

    /** Writes the batch, and tells its entries. Never throws. */
    private void commit() {
        if (batch.isEmpty()) {
            return;
        }
        Throwable failure = null;
        try {
            if (rollFirst || active.isFull()) {
                active.roll();
            }
            active.append(records);
        } catch (Throwable e) {
            failure = e;
        }
        rollFirst = false; // even if rolling has failed, for then the deletion that needs it fails too
        setFailing(failure);
        for (int i = 0; i < batch.size(); i++) {
            tell(batch.get(i), failure);
        }
        batch.clear();
        records.clear();
        bytes = 0;
    }

    /** Notes whether the journal can be written, and logs a change. */
    private void setFailing(Throwable failure) {
        if (failing != (failure != null)) {
            failing = failure != null;
            Loop.attempt(LOG, "logging", () -> log(failure));
        } else if (failure instanceof OutOfMemoryError) { // the process may have to end
            Loop.report(LOG, "writing the journal", failure);
        }
    }

    private static void log(Throwable failure) {
        if (failure == null) {
            LOG.log(Level.INFO, "the journal can be written again");
        } else if (failure instanceof IOException) {
            LOG.log(
                    Level.WARNING,
                    "the journal can't be written, and publishing fails until it can; check the disk: "
                            + failure.getMessage());
        } else {
            Loop.report(LOG, "writing the journal, without which publishing fails,", failure);
        }
    }

    /** Tells an entry its outcome. The failure is null if the entry is in the active segment. */
    private void tell(JournalEntry entry, Throwable failure) {
        try {
            if (failure == null) {
                entry.written(active.current().number());
            } else {
                entry.failed(failure);
            }
        } catch (Throwable e) {
            Loop.report(LOG, "an entry of the journal", e);
        }
    }
}

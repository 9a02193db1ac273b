package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Message;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A journal's segments that are over: nothing is added to them any more. They are given indexes, they move to the archive
 * when a start needs them no longer, what is deleted is taken out of them, and in the end they go.
 *
 * <p>Its own thread does all that, but for {@link #retire}; readers make the indexes that they miss.
 */
final class JournalArchive implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Journal.class.getName());
    private static final Duration ROUND = Duration.ofSeconds(1);
    private static final Duration RETRY = Duration.ofSeconds(10);
    private static final long NOTING_SECONDS = 2;
    private static final long CLOSING_SECONDS = 30;

    private record Pending(JournalRecord.Deletion deletion, CompletableFuture<Void> done) {}

    private final JournalDirectory directory;
    private final Duration age;
    private final Journal journal;
    private final ConcurrentSkipListSet<Long> over = new ConcurrentSkipListSet<>();
    private final AtomicLong newest = new AtomicLong(); // of those that have been added there
    private final Set<Long> indexed = ConcurrentHashMap.newKeySet(); // those whose index fits
    private final Set<Long> damaged = ConcurrentHashMap.newKeySet(); // those whose damage was logged
    private final ConcurrentSkipListMap<Long, Pending> deletions = new ConcurrentSkipListMap<>(); // by their segment
    private final Thread thread =
            Thread.ofPlatform().daemon().name("journal-archive").unstarted(this::run);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean closed;
    private boolean failing; // the thread's own

    // One thread at a time makes, replaces, moves or removes the files of segments that are over. Held meanwhile; who
    // publishes never needs it, who reads only where an index is missing.
    private final ReentrantLock files = new ReentrantLock();

    /**
     * The segments that are over in an open directory.
     *
     * @param age how long they stay after they were last written; zero: only as long as a start needs them
     * @param recovery what the start has found
     */
    JournalArchive(JournalDirectory directory, Duration age, Journal journal, JournalRecovery recovery)
            throws IOException {
        this.directory = directory;
        this.age = age;
        this.journal = journal;
        damaged.addAll(recovery.damaged());
        recovery.deletions()
                .forEach((segment, deletion) ->
                        deletions.put(segment, new Pending(deletion, new CompletableFuture<>())));
        directory.removeUnfinished();
        over.addAll(directory.archived());
        over.addAll(directory.segments());
        newest.set(over.isEmpty() ? 0 : over.last());
    }

    /** Begins to work. */
    void begin() {
        thread.start();
    }

    /** The numbers of the segments that are over, when this one is written. Does not block. */
    NavigableSet<Long> over(long current) {
        for (long number = newest.get() + 1; number < current; number++) {
            over.add(number);
        }
        newest.accumulateAndGet(current - 1, Math::max);
        return over.headSet(current, false);
    }

    /** Whether a message is deleted, though it may still be in its segment. */
    boolean isDeleted(Message message, long segment) {
        return deletions.tailMap(segment, false).values().stream()
                .anyMatch(pending -> pending.deletion().concerns(message));
    }

    /**
     * The index of a segment that is over, which is made if there is none that fits.
     *
     * @return empty if the segment has gone, or holds nothing
     */
    Optional<JournalIndexFile> index(long segment) throws IOException {
        if (indexed.contains(segment)) {
            try {
                return Optional.of(JournalIndexFile.open(segment, directory.index(segment)));
            } catch (NoSuchFileException | EOFException | IndexBlocks.DamagedException e) {
                indexed.remove(segment); // its segment has been replaced, or has gone, or it is damaged
            }
        }
        files.lock();
        try (JournalReader reader = directory.read(segment, JournalReader.WHOLE).orElse(null)) {
            if (reader == null) {
                return Optional.empty();
            }
            if (!reader.hasHead()) {
                complain(segment, 0);
                return Optional.empty();
            }
            if (!hasIndexOf(reader, segment)) {
                JournalIndexer indexer = new JournalIndexer(segment);
                reader.isOver(true);
                indexer.readOn(reader, damage -> complain(segment, damage.from()));
                indexer.write(directory);
            }
            indexed.add(segment);
            return Optional.of(JournalIndexFile.open(segment, directory.index(segment)));
        } finally {
            files.unlock();
        }
    }

    private boolean hasIndexOf(JournalReader reader, long segment) {
        try (JournalIndexFile index = JournalIndexFile.open(segment, directory.index(segment))) {
            return index.isOf(reader);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "the index of journal file " + segment + " is made: " + e);
            return false;
        }
    }

    /** Logs, once for each segment, that a part of it can't be read. */
    void complain(long segment, long position) {
        if (damaged.add(segment)) {
            LOG.log(
                    Level.ERROR,
                    "journal file " + directory.find(segment).orElse(directory.archived(segment))
                            + " is damaged at byte " + position
                            + ": what was published there is lost, and missing in histories; put the file back from a"
                            + " backup, if there is one");
        }
    }

    /** Has an index made anew that was found damaged. */
    void distrust(long segment) throws IOException {
        files.lock();
        try {
            indexed.remove(segment);
            Files.deleteIfExists(directory.index(segment));
        } finally {
            files.unlock();
        }
    }

    /** Whether a start still needs a segment to know of a deletion that has not been carried out. */
    boolean isNeeded(long segment) {
        return deletions.containsKey(segment);
    }

    /** Takes a segment from where a start reads it. May block for as long as it takes to rewrite one. */
    void retire(long segment) throws IOException {
        files.lock();
        try {
            if (age.isZero()) {
                delete(segment, directory.segment(segment));
            } else {
                directory.retire(segment);
            }
        } finally {
            files.unlock();
        }
    }

    /**
     * Carries out a deletion that has been written.
     *
     * @param segment that begins with it
     * @return completes when nothing is left; fails if it has to be tried again later, which happens by itself
     */
    CompletableFuture<Void> erase(JournalRecord.Deletion deletion, long segment) {
        Pending pending = new Pending(deletion, new CompletableFuture<>());
        deletions.put(segment, pending);
        if (closed) {
            pending.done().completeExceptionally(new IOException("closed"));
        }
        LockSupport.unpark(thread);
        return pending.done();
    }

    /** Ends the work. Waits until the directory is left alone, which may take as long as rewriting one segment. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        if (thread.isAlive() && !Journal.await(ended, CLOSING_SECONDS)) {
            LOG.log(Level.WARNING, "the archive of the journal in " + directory + " does not come to an end");
        }
    }

    private void run() {
        try {
            Loop.run(LOG, "the journal's archive", () -> !closed, this::workAndWait);
            failAll(new IOException("closed"));
        } finally {
            ended.countDown();
        }
    }

    private void workAndWait() throws InterruptedException {
        boolean done = round();
        if (deletions.isEmpty() || !done) {
            LockSupport.parkNanos((done ? ROUND : RETRY).toNanos()); // returns at once after an unpark
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    private boolean round() {
        try {
            carryOut();
            dropOld();
            index();
            failing = false;
            return true;
        } catch (IOException e) {
            failAll(e);
            complain(e);
        } catch (Throwable e) {
            failAll(e);
            if (!failing || e instanceof OutOfMemoryError) {
                failing = true;
                Loop.report(LOG, "keeping the archive of a journal in order, which is tried again,", e);
            }
        }
        return false;
    }

    private void complain(IOException why) {
        if (!failing && !closed) {
            failing = true;
            LOG.log(
                    Level.WARNING,
                    "the archive of the journal in " + directory + " can't be kept in order, which is tried again: "
                            + why.getMessage());
        }
    }

    /** Tells those who wait for a deletion. It is not given up by that. */
    private void failAll(Throwable why) {
        deletions.values().forEach(pending -> pending.done().completeExceptionally(why));
    }

    private void index() throws IOException {
        if (!age.isZero()) {
            for (long segment : over(journal.current().number())) {
                if (closed || !deletions.isEmpty()) {
                    return;
                }
                if (!indexed.contains(segment) && Files.notExists(directory.index(segment))) {
                    index(segment).ifPresent(JournalArchive::close);
                }
            }
        }
    }

    private static void close(JournalIndexFile index) {
        try {
            index.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "an index was only read, and can't be closed: " + e);
        }
    }

    private void dropOld() throws IOException {
        if (age.compareTo(Retention.FOREVER) < 0) {
            Instant oldest = Instant.now().minus(age);
            for (long segment : directory.archived()) {
                Path file = directory.archived(segment);
                if (closed || !Files.getLastModifiedTime(file).toInstant().isBefore(oldest)) {
                    return;
                }
                files.lock();
                try {
                    delete(segment, file);
                } finally {
                    files.unlock();
                }
            }
        }
    }

    private void delete(long segment, Path file) throws IOException {
        indexed.remove(segment);
        Files.deleteIfExists(
                directory.index(segment)); // first: an index without its segment would be reported as a missing segment
        Files.delete(file);
        over.remove(segment);
    }

    private void carryOut() throws IOException {
        Map<Long, Pending> known = Map.copyOf(deletions);
        if (known.isEmpty()) {
            return;
        }
        for (long segment : over(journal.current().number())) {
            List<JournalRecord.Deletion> later = known.entrySet().stream()
                    .filter(pending -> pending.getKey() > segment)
                    .map(pending -> pending.getValue().deletion())
                    .toList();
            if (closed) {
                throw new IOException("closed");
            }
            if (!later.isEmpty()) {
                erase(segment, later);
            }
        }
        for (var pending : known.entrySet()) {
            note(new JournalRecord.Erased(pending.getKey()));
            deletions.remove(pending.getKey(), pending.getValue());
            pending.getValue().done().complete(null);
        }
    }

    private void note(JournalRecord record) throws IOException {
        JournalNote note = new JournalNote(record);
        if (!journal.offer(note)) {
            throw new IOException("too much waits to be written already");
        }
        journal.hurry();
        note.await(NOTING_SECONDS, TimeUnit.SECONDS);
    }

    private void erase(long segment, List<JournalRecord.Deletion> what) throws IOException {
        files.lock();
        try {
            Optional<Path> file = directory.find(segment);
            if (file.isPresent() && mayHold(segment, what)) {
                if (JournalErasure.erase(segment, file.get(), what)) {
                    indexed.remove(segment);
                    Files.deleteIfExists(directory.index(segment));
                    directory.replace(file.get());
                }
            }
        } finally {
            files.unlock();
        }
    }

    private boolean mayHold(long segment, List<JournalRecord.Deletion> what) throws IOException {
        if (age.isZero()) {
            return true; // there is no index
        }
        try (JournalIndexFile index = index(segment).orElse(null)) {
            if (index != null) {
                for (JournalRecord.Deletion deletion : what) {
                    boolean may = deletion.channel().isEmpty()
                            ? index.mayHold(deletion.sender())
                            : index.stretches(deletion.channel()).stream().anyMatch(stretch -> stretch.count() > 0);
                    if (may) {
                        return true;
                    }
                }
            }
            return false;
        } catch (IndexBlocks.DamagedException e) {
            distrust(segment);
            return true;
        }
    }
}

package io.seleucia.chat.broker.journal;

import io.seleucia.chat.broker.Retention;
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
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The sealed segments of a journal. The thread {@code journal-archive} indexes them, rewrites them without deleted messages
 * and deletes them when they expire. Any thread may call the methods; a reader creates an index that is missing.
 *
 * <p>What {@link Erasures} has is erased from the files together, at the latest {@link JournalOptions#erasing} after the
 * deletion, or as soon as many messages wait, and the time that the rewriting of the segments takes that hold some of them.
 */
final class Archive implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Archive.class.getName());
    private static final Duration ROUND = Duration.ofSeconds(1);
    private static final Duration RETRY = Duration.ofSeconds(10);
    private static final long WRITING_SECONDS = 2;
    private static final long CLOSING_SECONDS = 30;

    private record Pending(JournalRecord.Deletion deletion, CompletableFuture<Void> done) {}

    private final JournalDirectory directory;
    private final Duration age;
    private final Duration erasing;
    private final Erasures erasures;
    private final ActiveSegment active;
    private final JournalWriter writer;
    private final ConcurrentSkipListSet<Long> sealed = new ConcurrentSkipListSet<>();
    private final AtomicLong newest = new AtomicLong(); // that was ever sealed
    private final Set<Long> indexed = ConcurrentHashMap.newKeySet(); // segments with a matching index
    private final Set<Long> damaged = ConcurrentHashMap.newKeySet(); // segments whose damage was logged
    private final ConcurrentSkipListMap<Long, Pending> deletions = new ConcurrentSkipListMap<>(); // by their segments
    private final Thread thread =
            Thread.ofPlatform().daemon().name("journal-archive").unstarted(this::run);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean closed;
    private boolean failing; // used by the thread alone

    // Held while files of sealed segments are created, replaced, moved or deleted. A publisher never needs it, and a
    // reader only if an index is missing.
    private final ReentrantLock files = new ReentrantLock();

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
        this.erasing = options.erasing();
        this.erasures = recovery.erasures();
        this.active = active;
        this.writer = writer;
        damaged.addAll(recovery.damaged());
        recovery.deletions()
                .forEach((segment, deletion) ->
                        deletions.put(segment, new Pending(deletion, new CompletableFuture<>())));
        directory.removeUnfinished();
        sealed.addAll(directory.archived());
        sealed.addAll(directory.segments());
        newest.set(sealed.isEmpty() ? 0 : sealed.last());
    }

    void begin() {
        thread.start();
    }

    /** Returns the numbers of the sealed segments, when this one is active. Does not block. */
    NavigableSet<Long> sealed(long current) {
        for (long number = newest.get() + 1; number < current; number++) {
            sealed.add(number);
        }
        newest.accumulateAndGet(current - 1, Math::max);
        return sealed.headSet(current, false);
    }

    /** Returns whether a message is deleted, although it may still be in its segment. */
    boolean isDeleted(Message message, long segment) {
        return deletions.tailMap(segment, false).values().stream()
                .anyMatch(pending -> pending.deletion().concerns(message));
    }

    /** Returns what deletions leave of a fold, although it may still be whole in its segment. */
    Fold left(JournalRecord.Folded folded, long segment) {
        Fold left = folded.fold();
        for (Pending pending : deletions.tailMap(segment, false).values()) {
            left = pending.deletion().left(folded.channel(), left);
        }
        return left;
    }

    /** Opens the index of a sealed segment, created if missing; empty if the segment is deleted or holds nothing. */
    Optional<SegmentIndexFile> index(long segment) throws IOException {
        if (indexed.contains(segment)) {
            try {
                return Optional.of(SegmentIndexFile.open(segment, directory.index(segment)));
            } catch (NoSuchFileException | EOFException | IndexBlocks.DamagedException e) {
                indexed.remove(segment); // the segment was replaced or deleted, or the index is damaged
            }
        }
        files.lock();
        try (SegmentReader reader = directory.read(segment, SegmentReader.WHOLE).orElse(null)) {
            if (reader == null || !reader.hasHead()) {
                if (reader != null) {
                    reportDamage(segment, 0);
                }
                return Optional.empty();
            }
            if (!hasIndexOf(reader, segment)) {
                SegmentIndexer indexer = new SegmentIndexer(segment);
                indexer.readOn(reader, true, damage -> reportDamage(segment, damage.from()));
                indexer.write(directory);
            }
            indexed.add(segment);
            return Optional.of(SegmentIndexFile.open(segment, directory.index(segment)));
        } finally {
            files.unlock();
        }
    }

    private boolean hasIndexOf(SegmentReader reader, long segment) {
        try (SegmentIndexFile index = SegmentIndexFile.open(segment, directory.index(segment))) {
            return index.isOf(reader);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "the index of journal file " + segment + " is created again: " + e);
            return false;
        }
    }

    /** Logs, once for each segment, that a part of it can't be read. */
    void reportDamage(long segment, long position) {
        if (damaged.add(segment)) {
            LOG.log(
                    Level.ERROR,
                    "journal file " + directory.find(segment).orElse(directory.archived(segment))
                            + " is damaged at byte " + position
                            + ": the messages there are lost and missing in histories; restore the file from a backup, if"
                            + " there is one");
        }
    }

    /** Deletes a damaged index. The next lookup creates it again. */
    void invalidateIndex(long segment) throws IOException {
        files.lock();
        try {
            indexed.remove(segment);
            Files.deleteIfExists(directory.index(segment));
        } finally {
            files.unlock();
        }
    }

    /** Returns the messages that are still to be erased. */
    Erasures erasures() {
        return erasures;
    }

    /** Returns whether a start still needs a segment, for it has a deletion that is not complete. */
    boolean isNeeded(long segment) {
        return deletions.containsKey(segment) || erasures.oldest().orElse(Long.MAX_VALUE) <= segment;
    }

    /** Moves or deletes a segment that a start no longer needs. May block for as long as the rewrite of a segment takes. */
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
     * Carries out the deletion that begins a segment. The result completes when no file has a deleted message any more, and
     * fails if the deletion will be retried.
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
            eraseAll();
            deleteExpired();
            index();
            failing = false;
            return true;
        } catch (Throwable e) {
            failAll(e);
            if (e instanceof OutOfMemoryError || !failing && !(e instanceof IOException)) {
                Loop.report(LOG, "maintaining a journal's archive, which is retried,", e);
            } else if (!failing && !closed) {
                LOG.log(
                        Level.WARNING,
                        "the archive of the journal in " + directory
                                + " can't be maintained, which is retried; check the disk: " + e.getMessage());
            }
            failing = true;
            return false;
        }
    }

    /** Fails the calls that wait for deletions, which are still retried. */
    private void failAll(Throwable why) {
        deletions.values().forEach(pending -> pending.done().completeExceptionally(why));
    }

    private void index() throws IOException {
        if (!age.isZero()) {
            for (long segment : sealed(active.current().number())) {
                if (closed || !deletions.isEmpty() || erasures.isDue(erasing)) {
                    return;
                }
                if (!indexed.contains(segment) && Files.notExists(directory.index(segment))) {
                    Optional<SegmentIndexFile> created = index(segment);
                    if (created.isPresent()) {
                        created.get().close();
                    }
                }
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
        // First, for an index without its segment is reported as a missing segment.
        Files.deleteIfExists(directory.index(segment));
        Files.delete(file);
        sealed.remove(segment);
    }

    /**
     * Carries out all deletions in one pass, from the oldest segment to the newest: the record of a deletion may itself be
     * deleted, and must not go before what it concerns.
     */
    private void eraseAll() throws IOException {
        NavigableMap<Long, Pending> known =
                new TreeMap<>(deletions); // first, for they may delete the records of erasures
        boolean due = erasures.isDue(erasing);
        if (known.isEmpty() && !due) {
            return;
        }
        if (due && erasures.hasFrom(active.current().number())) {
            write(new JournalRecord.ErasureBegun());
        }
        long current = active.current().number();
        Map<Erasure.Place, Erasures.Pending> places = erasures.before(current);
        NavigableSet<Long> segments = sealed(current);
        Map<Long, Map<Erasure.Place, Erasures.Pending>> located = locate(places, segments);
        for (long segment : segments) {
            List<JournalRecord.Deletion> later = known.tailMap(segment, false).values().stream()
                    .map(Pending::deletion)
                    .toList();
            Map<Erasure.Place, Erasures.Pending> here = located.getOrDefault(segment, Map.of());
            if (closed) {
                throw new IOException("closed");
            }
            if (!later.isEmpty() || !here.isEmpty()) {
                erase(segment, later, here);
            }
        }
        for (var deletion : known.entrySet()) {
            write(new JournalRecord.DeletionDone(deletion.getKey()));
            deletions.remove(deletion.getKey(), deletion.getValue());
            deletion.getValue().done().complete(null);
        }
        if (!places.isEmpty()) {
            write(new JournalRecord.ErasureDone(current));
            erasures.done(current);
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

    /** Returns, for each segment that may hold some of the messages or their folds, which ones. */
    private Map<Long, Map<Erasure.Place, Erasures.Pending>> locate(
            Map<Erasure.Place, Erasures.Pending> places, NavigableSet<Long> segments) throws IOException {
        Map<Long, Map<Erasure.Place, Erasures.Pending>> located = new HashMap<>();
        if (places.isEmpty()) {
            return located;
        }
        if (age.isZero()) { // segments have no index, and are few
            segments.forEach(segment -> located.put(segment, places));
            return located;
        }
        Map<String, Map<Erasure.Place, Erasures.Pending>> byChannel = new HashMap<>();
        places.forEach((place, pending) -> byChannel
                .computeIfAbsent(place.channel(), absent -> new HashMap<>())
                .put(place, pending));
        for (Iterator<Long> newestFirst = segments.descendingIterator();
                newestFirst.hasNext() && !byChannel.isEmpty(); ) {
            long segment = newestFirst.next();
            try (SegmentIndexFile index = index(segment).orElse(null)) {
                if (index != null) {
                    locate(byChannel, index, located.computeIfAbsent(segment, absent -> new HashMap<>()));
                }
            } catch (IndexBlocks.DamagedException e) {
                invalidateIndex(segment);
                throw e; // all of it is retried
            }
        }
        return located;
    }

    /** Adds what a segment may hold, and removes the channels of which no older segment holds anything. */
    private static void locate(
            Map<String, Map<Erasure.Place, Erasures.Pending>> byChannel,
            SegmentIndexFile index,
            Map<Erasure.Place, Erasures.Pending> here)
            throws IOException {
        for (var channels = byChannel.entrySet().iterator(); channels.hasNext(); ) {
            var channel = channels.next();
            List<OffsetRange> messages = index.ranges(channel.getKey());
            List<OffsetRange> folds = index.ranges(SegmentIndex.folds(channel.getKey()));
            boolean all = true;
            for (var place : channel.getValue().entrySet()) {
                if (isIn(messages, place.getKey()) || isIn(folds, place.getKey())) {
                    here.put(place.getKey(), place.getValue());
                }
                all &= beginBefore(messages, place.getKey(), place.getValue().epochs());
            }
            if (all) {
                channels.remove();
            }
        }
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

    private void erase(
            long segment, List<JournalRecord.Deletion> deletions, Map<Erasure.Place, Erasures.Pending> blanked)
            throws IOException {
        files.lock();
        try {
            Optional<Path> file = directory.find(segment);
            if (file.isPresent()
                    && (!blanked.isEmpty() || mayHold(segment, deletions))
                    && SegmentRewrite.erase(segment, file.get(), deletions, blanked)) {
                indexed.remove(segment);
                Files.deleteIfExists(directory.index(segment));
                directory.replace(file.get());
            }
        } finally {
            files.unlock();
        }
    }

    private boolean mayHold(long segment, List<JournalRecord.Deletion> deletions) throws IOException {
        if (age.isZero()) {
            return true; // segments have no index
        }
        try (SegmentIndexFile index = index(segment).orElse(null)) {
            if (index != null) {
                for (JournalRecord.Deletion deletion : deletions) {
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
            invalidateIndex(segment);
            return true;
        }
    }

    private static boolean holds(SegmentIndexFile index, String channel) throws IOException {
        return index.ranges(channel).stream().anyMatch(range -> range.count() > 0);
    }
}

package io.seleucia.chat.broker.journal;

import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/** The indexes of the sealed segments. Any thread may call the methods; a reader creates an index that is missing. */
final class SegmentIndexes {
    private static final Logger LOG = System.getLogger(SegmentIndexes.class.getName());

    private final JournalDirectory directory;
    private final Set<Long> indexed = ConcurrentHashMap.newKeySet(); // segments with a matching index
    private final Set<Long> damaged = ConcurrentHashMap.newKeySet(); // segments whose damage was logged

    // Held while files of sealed segments are created, replaced, moved or deleted. A publisher never needs it, and a
    // reader only if an index is missing.
    private final ReentrantLock files = new ReentrantLock();

    SegmentIndexes(JournalDirectory directory) {
        this.directory = directory;
    }

    /** A change of the files of sealed segments. */
    interface Change {
        void make() throws IOException;
    }

    /** Makes a change while no index is created, and no other change is made. */
    void change(Change what) throws IOException {
        files.lock();
        try {
            what.make();
        } finally {
            files.unlock();
        }
    }

    /** Opens the index of a sealed segment, created if missing; empty if the segment is deleted or holds nothing. */
    Optional<SegmentIndexFile> open(long segment) throws IOException {
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

    /** Creates the index of a segment, unless it exists. */
    void createIfMissing(long segment) throws IOException {
        if (!indexed.contains(segment) && Files.notExists(directory.index(segment))) {
            Optional<SegmentIndexFile> created = open(segment);
            if (created.isPresent()) {
                created.get().close();
            }
        }
    }

    /** Deletes the index of a segment that is about to be replaced or deleted, or a damaged one. */
    void delete(long segment) throws IOException {
        files.lock();
        try {
            indexed.remove(segment);
            Files.deleteIfExists(directory.index(segment));
        } finally {
            files.unlock();
        }
    }

    /** Records that the damages of some segments have been logged. */
    void addDamaged(Collection<Long> segments) {
        damaged.addAll(segments);
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
}

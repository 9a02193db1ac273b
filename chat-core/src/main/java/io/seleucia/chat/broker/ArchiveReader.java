package io.seleucia.chat.broker;

import io.seleucia.chat.message.Message;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * Reads conversations out of a journal's directory from outside: of a broker that is closed, or of one that is at work, in
 * this process or another. Changes nothing there. Used by one thread; takes a fixed amount of memory and that of the
 * longest message.
 */
public final class ArchiveReader {
    private static final Logger LOG = System.getLogger(ArchiveReader.class.getName());
    private static final int PLACES = 1_000; // of an index, at a time

    /** Is given messages. */
    public interface Reader {
        /**
         * The next message.
         *
         * @throws IOException ends the reading, which throws it too
         */
        void read(Message message) throws IOException;
    }

    private final Path directory;
    private final String channel;
    private final long since;
    private final long until;
    private final Reader reader;
    private final Map<Long, JournalRecord.Deletion> deletions = new TreeMap<>();

    private ArchiveReader(Path directory, String channel, Instant since, Instant until, Reader reader) {
        this.directory = directory;
        this.channel = channel;
        this.since = since.toEpochMilli();
        this.until = until.toEpochMilli();
        this.reader = reader;
    }

    /**
     * Reads all messages of a channel that are there, of all its epochs, oldest first. What is published meanwhile may be
     * among them or not; what is damaged is left out, and logged as a warning.
     *
     * @param since the oldest time of a message
     * @param until what all of them are older than
     * @throws IOException if it can't be read, or there is no journal
     */
    public static void read(Path directory, String channel, Instant since, Instant until, Reader reader)
            throws IOException {
        new ArchiveReader(directory, channel, since, until, reader).read();
    }

    private void read() throws IOException {
        SortedSet<Long> segments = JournalDirectory.all(directory);
        for (long segment : segments) {
            findDeletion(segment);
        }
        if (segments.isEmpty()) {
            throw new NoSuchFileException(directory.toString(), null, "there is no journal");
        }
        long next = segments.first();
        for (long segment : segments) {
            if (next < segment) {
                warn(next + " to " + (segment - 1), "not there");
            }
            next = segment + 1;
            read(segment, segment < segments.last());
        }
    }

    private void warn(String segments, String what) {
        LOG.log(
                Level.WARNING,
                "journal segment " + segments + " in " + directory + ": " + what
                        + "; messages that were there are left out");
    }

    /** Notes what has been deleted, though the server may not have taken it out of the files yet. */
    private void findDeletion(long segment) throws IOException {
        try (JournalReader journal =
                JournalDirectory.read(directory, segment, JournalReader.SINGLE).orElse(null)) {
            if (journal != null && journal.hasHead()) {
                long position = JournalSegment.HEAD;
                Optional<JournalRecord> first = journal.record(position);
                if (first.isPresent()) {
                    position += JournalSegment.RECORD_HEAD + first.get().encoded().length;
                    if (journal.record(position).orElse(null) instanceof JournalRecord.Deletion deletion
                            && (deletion.channel().isEmpty()
                                    || deletion.channel().equals(channel))) {
                        deletions.put(segment, deletion);
                    }
                }
            }
        }
    }

    private void read(long segment, boolean over) throws IOException {
        List<JournalRecord.Deletion> later = deletions.entrySet().stream()
                .filter(deletion -> deletion.getKey() > segment)
                .map(Map.Entry::getValue)
                .toList();
        try (JournalReader journal =
                JournalDirectory.read(directory, segment, JournalReader.WHOLE).orElse(null)) {
            if (journal == null) {
                return; // it has been dropped meanwhile
            }
            if (!journal.hasHead()) {
                if (over) {
                    warn(Long.toString(segment), "damaged from its beginning");
                }
                return; // or was just begun
            }
            journal.isOver(over);
            long[] given = {0}; // where the last record is that the index led to
            if (!isReadByIndex(journal, segment, later, given)) {
                journal.read(
                        JournalSegment.HEAD,
                        (position, record) -> {
                            if (position > given[0]) {
                                give(record, later);
                            }
                        },
                        damage -> {
                            if (over || !damage.atEnd()) { // which is being written
                                warn(Long.toString(segment), "damaged at byte " + damage.from());
                            }
                        });
            }
        }
    }

    /** Whether there is an index by which all could be found. */
    private boolean isReadByIndex(JournalReader journal, long segment, List<JournalRecord.Deletion> later, long[] given)
            throws IOException {
        try (JournalIndexFile index = JournalIndexFile.open(segment, JournalDirectory.index(directory, segment))) {
            if (!index.isOf(journal)) {
                return false;
            }
            List<JournalIndex.Stretch> stretches = index.newest() < since ? List.of() : index.stretches(channel);
            for (JournalIndex.Stretch stretch : stretches) {
                for (int from = 0; from < stretch.count(); from += PLACES) {
                    int count = Math.min(PLACES, stretch.count() - from);
                    for (JournalIndex.Place place : index.places(stretch, from, count)) {
                        Optional<JournalRecord> record = journal.record(place.position());
                        if (record.isPresent()) {
                            give(record.get(), later);
                        } else {
                            warn(Long.toString(segment), "damaged at byte " + place.position());
                        }
                        given[0] = place.position();
                    }
                }
            }
            return true;
        } catch (NoSuchFileException | EOFException | IndexBlocks.DamagedException e) {
            return false; // the server makes it anew
        }
    }

    private void give(JournalRecord record, List<JournalRecord.Deletion> later) throws IOException {
        if (record instanceof JournalRecord.Published published) {
            Message message = published.message();
            if (message.channel().equals(channel)
                    && message.time() >= since
                    && message.time() < until
                    && later.stream().noneMatch(deletion -> deletion.concerns(message))) {
                reader.read(message);
            }
        }
    }
}

package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.journal.Erasures;
import io.seleucia.chat.broker.journal.IndexBlocks;
import io.seleucia.chat.broker.journal.JournalDirectory;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.OffsetRange;
import io.seleucia.chat.broker.journal.SegmentFormat;
import io.seleucia.chat.broker.journal.SegmentIndex;
import io.seleucia.chat.broker.journal.SegmentIndexFile;
import io.seleucia.chat.broker.journal.SegmentReader;
import io.seleucia.chat.message.Message;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * A reader of a channel's messages in a journal's directory. The broker may be closed or running, in this process or
 * another. The reader changes nothing. Used by one thread; takes a fixed amount of memory, that of the longest message, and some
 * 100 bytes for each message that was deleted within the last minutes.
 */
public final class ArchiveReader {
    private static final Logger LOG = System.getLogger(ArchiveReader.class.getName());
    private static final int PLACES = 1_000; // of an index, at a time

    /** Receives messages. */
    public interface Reader {
        /**
         * Receives the next message.
         *
         * @param message the message
         * @throws IOException to end the reading, which then throws the same exception
         */
        void read(Message message) throws IOException;
    }

    private final JournalDirectory directory;
    private final String channel;
    private final long since;
    private final long until;
    private final Reader reader;
    private final NavigableMap<Long, JournalRecord.Deletion> deletions = new TreeMap<>();
    private Erasures erasures;

    private ArchiveReader(Path directory, String channel, Instant since, Instant until, Reader reader) {
        this.directory = JournalDirectory.ofReader(directory);
        this.channel = channel;
        this.since = since.toEpochMilli();
        this.until = until.toEpochMilli();
        this.reader = reader;
    }

    /**
     * Reads all messages of a channel, of all its epochs, oldest first, and as they were published: edits and reactions are
     * messages of their own, and a deleted message is there without its content. A message published meanwhile may be among them.
     * Damaged messages are left out, and logged as a warning.
     *
     * @param directory the journal's directory
     * @param channel the channel's name
     * @param since the earliest time of a message
     * @param until the time before which all messages were published
     * @param reader receives the messages
     * @throws IOException if the directory can't be read, or has no journal
     */
    public static void read(Path directory, String channel, Instant since, Instant until, Reader reader)
            throws IOException {
        new ArchiveReader(directory, channel, since, until, reader).read();
    }

    private void read() throws IOException {
        SortedSet<Long> segments = directory.all();
        for (long segment : segments) {
            findDeletion(segment);
        }
        erasures = Erasures.read(directory, channel);
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
                "journal segment " + segments + " in " + directory + ": " + what + "; its messages are left out");
    }

    /** Finds a deletion, which the server may not have carried out yet, at the beginning of a segment. */
    private void findDeletion(long segment) throws IOException {
        try (SegmentReader journal =
                directory.read(segment, SegmentReader.SINGLE).orElse(null)) {
            if (journal != null && journal.hasHead()) {
                int start = journal.record(SegmentFormat.HEAD)
                        .map(first -> first.encoded().length)
                        .orElse(0);
                long second = (long) SegmentFormat.HEAD + SegmentFormat.RECORD_HEAD + start;
                if (journal.record(second).orElse(null) instanceof JournalRecord.Deletion deletion
                        && (deletion.channel().isEmpty() || deletion.channel().equals(channel))) {
                    deletions.put(segment, deletion);
                }
            }
        }
    }

    private void read(long segment, boolean sealed) throws IOException {
        Collection<JournalRecord.Deletion> later =
                deletions.tailMap(segment, false).values();
        try (SegmentReader journal =
                directory.read(segment, SegmentReader.WHOLE).orElse(null)) {
            if (journal == null) {
                return; // it has been deleted meanwhile
            }
            if (!journal.hasHead()) {
                if (sealed) {
                    warn(Long.toString(segment), "damaged from its beginning");
                }
                return; // a segment without a head yet is no damage
            }
            long[] given = {0}; // the position of the last record found by the index
            if (!isReadByIndex(journal, segment, later, given)) {
                journal.read(
                        SegmentFormat.HEAD,
                        sealed,
                        (position, record) -> {
                            if (position > given[0]) {
                                give(record, later);
                            }
                        },
                        damage -> {
                            if (sealed || !damage.atEnd()) { // the end is still being written
                                warn(Long.toString(segment), "damaged at byte " + damage.from());
                            }
                        });
            }
        }
    }

    /** Returns whether there was an index, and all messages have been found by it. */
    private boolean isReadByIndex(
            SegmentReader journal, long segment, Collection<JournalRecord.Deletion> later, long[] given)
            throws IOException {
        try (SegmentIndexFile index = SegmentIndexFile.open(segment, directory.index(segment))) {
            if (!index.isOf(journal)) {
                return false;
            }
            List<OffsetRange> ranges = index.newest() < since ? List.of() : index.ranges(channel);
            for (OffsetRange range : ranges) {
                for (int from = 0; from < range.count(); from += PLACES) {
                    int count = Math.min(PLACES, range.count() - from);
                    for (SegmentIndex.Place place : index.places(range, from, count)) {
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
            return false; // the server creates it again
        }
    }

    private void give(JournalRecord record, Collection<JournalRecord.Deletion> later) throws IOException {
        if (record instanceof JournalRecord.Published published) {
            Message message = published.message();
            if (message.channel().equals(channel)
                    && message.time() >= since
                    && message.time() < until
                    && later.stream().noneMatch(deletion -> deletion.concerns(message))) {
                reader.read(erasures.visible(message));
            }
        }
    }
}

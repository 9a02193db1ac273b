package io.seleucia.chat.broker.journal;

import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongConsumer;
import java.util.function.ObjLongConsumer;

/**
 * The append-only log of an in-memory broker, in a directory of segments. {@link #open} reads everything; {@link #begin}
 * starts the threads of {@link JournalWriter}, {@link JournalSyncer} and {@link Archive}. Any thread may call the other
 * methods, and may be interrupted at any time: an interrupt closes no {@link JournalFile}.
 */
public final class Journal implements AutoCloseable {
    /** The size at which a segment is sealed. */
    public static final long SEGMENT_BYTES = 64 * 1024 * 1024;

    private static final Logger LOG = System.getLogger(Journal.class.getName());
    private static final int BATCH = 1_000;
    private static final long CLOSING_SECONDS = 2;

    private final JournalDirectory directory;
    private final JournalOptions options;
    private final JournalRecovery recovery;
    private final String boot = JournalDirectory.boot();
    private final ActiveSegment active;
    private final JournalWriter writer;
    private final Archive archive;
    private final JournalSyncer syncer;
    private final Optional<JournalHistory> history;

    private Journal(JournalDirectory directory, JournalOptions options, JournalRecovery recovery) throws IOException {
        this.directory = directory;
        this.options = options;
        this.recovery = recovery;
        this.active = new ActiveSegment(directory, options);
        this.writer = new JournalWriter(active, options.fsync());
        this.archive = new Archive(directory, options, active, writer, recovery);
        this.syncer = new JournalSyncer(directory, options.fsync(), active, archive, writer.ended());
        this.history = options.archive().isZero()
                ? Optional.empty()
                : Optional.of(
                        new JournalHistory(new ActiveSegmentIndex(active::current, directory), archive, directory));
    }

    /**
     * Opens the journal in a directory, which is created if it does not exist. The reader receives all records in order, each
     * with the number of its segment.
     */
    public static Journal open(Path path, JournalOptions options, ObjLongConsumer<JournalRecord> reader)
            throws IOException {
        JournalDirectory directory = JournalDirectory.open(path);
        JournalRecovery recovery = new JournalRecovery(directory, reader);
        try {
            recovery.read(JournalDirectory.boot());
            return new Journal(directory, options, recovery);
        } catch (IOException | RuntimeException | Error e) {
            try (directory;
                    recovery) {
                throw e;
            }
        }
    }

    public JournalDirectory directory() {
        return directory;
    }

    /** Closes everything that a failed start has opened. Blocks for two seconds at most. */
    public void abandon() {
        writer.close();
        if (writer.isRunning()) {
            await(writer.ended());
        }
        archive.close();
        active.sealed().forEach(syncer::close);
        if (active.current() != null) {
            syncer.close(active.current());
        }
        syncer.close(recovery);
        syncer.close(directory);
    }

    private void await(CountDownLatch latch) {
        if (!JournalWriter.await(latch, CLOSING_SECONDS)) {
            LOG.log(
                    Level.WARNING,
                    "the journal in " + directory + " is still being written after " + CLOSING_SECONDS + " s");
        }
    }

    /** Returns whether all delivered messages have been read. If not, clients may know later positions: all epochs must end. */
    public boolean isComplete() {
        return recovery.isComplete();
    }

    /**
     * Writes the first records, and accepts entries from then on.
     *
     * @param epoch the epoch of the channels in which nothing was published yet
     * @param first the links to new epochs, if there are any; they precede all other records
     */
    public void begin(String epoch, List<JournalRecord> first) throws IOException {
        active.setStart(start(epoch));
        if (recovery.last().isPresent()) {
            active.reopen(recovery.last().get());
        } else {
            active.roll(recovery.newest() + 1);
        }
        appendAll(first);
        if (first.isEmpty()) {
            appendAll(List.of(active.start()));
        } else {
            active.roll(); // so that the links between epochs are in two files
        }
        appendAll(recovery.reports()); // after the links: a start that finds no report begins new epochs again
        appendAll(first);
        syncer.recordExtent(!first.isEmpty()); // perhaps less than before: the next start must not miss it again
        if (directory.isRestored()) {
            active.current().force();
            directory.unmarkRestored();
        }
        writer.start();
        syncer.start();
        archive.begin();
    }

    private void appendAll(List<JournalRecord> records) throws IOException {
        for (int i = 0; i < records.size(); i += BATCH) {
            active.append(records.subList(i, Math.min(records.size(), i + BATCH)).stream()
                    .map(JournalRecord::encoded)
                    .toList());
        }
    }

    Segment current() {
        return active.current();
    }

    /** Returns the part of the histories that a start does not read; empty if there is no archive. */
    public Optional<JournalHistory> history() {
        return history;
    }

    /**
     * Queues a deletion of a channel or a sender, and has the archive carry it out when it is written. The caller must have the
     * memory forget the messages then. Empty if the journal does not accept it; see {@link #refusal}.
     */
    public Optional<PendingDeletion> delete(JournalRecord.Deletion deletion) {
        return archive.deletions().offer(deletion);
    }

    /** Returns the written deletions whose messages the memory may still have. */
    public List<PendingDeletion> unforgotten() {
        return archive.deletions().unforgotten();
    }

    /**
     * Queues a fold. Returns false, and it must be offered again, if the journal does not accept it, or the memory still has to
     * forget deleted messages, from which the fold may have been made.
     */
    public boolean offerFold(PendingRecord fold) {
        return archive.deletions().offerFold(fold);
    }

    /**
     * Makes everything ready to hide what a message deletes from all readers of the files once it is written, and to have the
     * archive erase that. See {@link Eraser}.
     */
    public Erasures.Waiting prepare(Message deletion, Erasure erasure) {
        return archive.erasures().prepare(deletion, erasure);
    }

    /** Returns a message that is no longer in memory as readers may see it now. */
    public Message visible(Message message) {
        return archive.erasures().visible(message);
    }

    /** Returns whether a message of the files is deleted already, although it may still be there. */
    public boolean isErased(String channel, Position position) {
        return archive.erasures().of(channel, position).isPresent();
    }

    /** Returns whether a client may delete further messages now, or so many wait to be erased that it can't. */
    public boolean hasRoomToErase(Sender client, boolean moderates) {
        return archive.erasures().hasRoom(client, moderates);
    }

    /** Charges the memory of what waits to be erased, from now on until the journal is closed. */
    public void chargeErasures(LongConsumer budget) {
        archive.erasures().charge(budget);
    }

    /** Returns the record to write when channels without messages begin another epoch. */
    public JournalRecord.Start start(String epoch) {
        return new JournalRecord.Start(boot, options.fsync() == Fsync.ALWAYS, epoch);
    }

    /** Queues an entry. See {@link JournalWriter#offer}. */
    public boolean offer(JournalEntry entry) {
        return writer.offer(entry);
    }

    /** Returns the reason why {@link #offer} accepts nothing at this moment. */
    public String refusal() {
        return writer.isClosed() ? "the broker is closed" : "too much waits to be written already";
    }

    /** Writes the queued entries. See {@link JournalWriter#flushOrWake}. */
    public void flushOrWake() {
        writer.flushOrWake();
    }

    /** Returns whether the last write failed. */
    public boolean isFailing() {
        return writer.isFailing();
    }

    /** Returns the oldest segment, if it has expired. */
    public OptionalLong expired() throws IOException {
        long oldest = directory.segments().getFirst();
        boolean expired = oldest != active.current().number()
                && !archive.isNeeded(oldest)
                && Files.getLastModifiedTime(directory.segment(oldest))
                        .toInstant()
                        .isBefore(Instant.now().minus(options.keep()));
        return expired ? OptionalLong.of(oldest) : OptionalLong.empty();
    }

    /** Retires the oldest segment, of which a start needs nothing any more. See {@link Archive#retire}. */
    public void retire(long segment) throws IOException {
        archive.retire(segment);
    }

    /** Writes the queued entries and closes the files. Blocks for two seconds at most. */
    @Override
    public void close() {
        writer.close();
        await(syncer.released());
        archive.erasures().release();
    }
}

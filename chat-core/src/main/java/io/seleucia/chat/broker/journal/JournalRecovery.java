package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ObjLongConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The state of a journal's directory at a start. An unfinished record at the end, which a kill may leave, is cut off. Other
 * damages stay in the files, so that the next start finds them if this one does not complete. They are not reported again
 * once new epochs have begun and the journal has recorded that.
 */
final class JournalRecovery implements AutoCloseable {
    private static final Logger LOG = System.getLogger(JournalRecovery.class.getName());

    private final JournalDirectory directory;
    private final ObjLongConsumer<JournalRecord> reader;
    private Optional<SegmentExtent> extent = Optional.empty();
    private long newest; // segment
    private final List<SegmentDamage> damages = new ArrayList<>();
    private final Set<JournalRecord.DamageReported> noted = new HashSet<>();
    private final Map<Long, JournalRecord.Deletion> deletions = new HashMap<>();
    private final Erasures erasures = new Erasures();
    private Optional<Segment> last = Optional.empty();
    private Optional<JournalRecord.Start> start = Optional.empty();
    private boolean stopped = true;
    private boolean complete;

    JournalRecovery(JournalDirectory directory, ObjLongConsumer<JournalRecord> reader) {
        this.directory = directory;
        this.reader = reader;
    }

    /** Reads all segments, which may take long. The id of the machine's boot is {@code ""} if it is unknown. */
    void read(String boot) throws IOException {
        extent = SegmentExtent.read(directory.file(SegmentExtent.FILE));
        readArchived();
        List<Long> numbers = directory.segments();
        for (long number : numbers) {
            if (newest > 0 && newest + 1 < number) {
                addMissing(newest + 1, number - 1);
            }
            newest = Math.max(newest, number);
            readSegment(number, number == numbers.getLast());
        }
        long known = extent.map(SegmentExtent::segment).orElse(0L);
        if (known > newest) {
            addMissing(newest == 0 ? known : newest + 1, known);
            newest = known; // clients may know its epochs, so its number is not used again
        }
        complete = reportDamages() & reachedTheDisk(boot) & isOriginal(); // each logs its findings
    }

    /** Finds the archived segments that exist. Their records are read when a client asks for them. */
    private void readArchived() throws IOException {
        for (long number : directory.archived()) {
            if (newest > 0 && newest + 1 < number) {
                warnOfArchive(newest + 1, number - 1);
            }
            newest = number;
        }
        for (long number : directory.indexed()) {
            if (directory.find(number).isEmpty()) {
                if (number > newest || number < directory.archived().getFirst()) {
                    warnOfArchive(number, number); // the others are between two
                }
                Files.deleteIfExists(directory.index(number));
            }
        }
    }

    private static void warn(String what) {
        LOG.log(Level.WARNING, what);
    }

    private void warnOfArchive(long first, long last) {
        warn("in the archive of the journal in " + directory + ", the files of the segments " + first + " to " + last
                + " are missing: what was published there can't be read; put them back from a backup, if there"
                + " is one");
    }

    private boolean isOriginal() {
        if (directory.isRestored()) {
            warn("the journal in " + directory + " was put back from a backup; all channels begin new epochs");
        }
        return !directory.isRestored();
    }

    /** Returns the newest segment, if it can be appended to. */
    Optional<Segment> last() {
        return last;
    }

    /** Returns the number of the newest segment, in the archive or not; 0 if there is none. */
    long newest() {
        return newest;
    }

    /** See {@link Journal#isComplete}. */
    boolean isComplete() {
        return complete;
    }

    /** Returns the deletions that have not been carried out, by the segments that they begin. */
    Map<Long, JournalRecord.Deletion> deletions() {
        return deletions;
    }

    /** Returns the deleted messages that have not been erased. */
    Erasures erasures() {
        return erasures;
    }

    /** Returns the segments whose damage has been reported, now or earlier. */
    Set<Long> damaged() {
        return Stream.concat(
                        noted.stream().map(JournalRecord.DamageReported::segment),
                        damages.stream().map(SegmentDamage::segment))
                .collect(Collectors.toSet());
    }

    /** Returns the records which say that the damages have been reported. */
    List<JournalRecord> reports() {
        return damages.stream().<JournalRecord>map(JournalRecovery::note).toList();
    }

    private static JournalRecord.DamageReported note(SegmentDamage damage) {
        return new JournalRecord.DamageReported(damage.segment(), damage.magic(), damage.from(), damage.to());
    }

    /** Closes the newest segment, after a start that failed. */
    @Override
    public void close() throws IOException {
        if (last.isPresent()) {
            last.get().close();
        }
    }

    private void addMissing(long first, long last) {
        damages.add(new SegmentDamage(last, 0, first, 0, true, false));
    }

    private static boolean isMissing(SegmentDamage damage) {
        return damage.to() == 0 && damage.from() > 0;
    }

    private void readSegment(long number, boolean isLast) throws IOException {
        close();
        last = Optional.empty();
        List<SegmentDamage> found = new ArrayList<>();
        try {
            last = Segment.read(
                    directory.segment(number),
                    number,
                    !isLast,
                    record -> {
                        note(record, number, found);
                        reader.accept(record, number);
                    },
                    found::add);
        } catch (IOException e) {
            throw new IOException(
                    "journal file " + directory.segment(number) + " can't be read: " + reason(e)
                            + ". See to it that it can, or move it out of the directory: then what was published in it"
                            + " is missing, and all channels begin new epochs",
                    e);
        }
        if (isLast) {
            judgeEnd(number, found);
        }
        damages.addAll(found);
    }

    private static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "this process has no right to read and write it";
        }
        return e instanceof FileSystemException failed && failed.getReason() != null
                ? failed.getReason()
                : e.getMessage();
    }

    /** Compares the newest segment with its extent: only that tells a missing end from an unfinished record. */
    private void judgeEnd(long number, List<SegmentDamage> found) throws IOException {
        long known = extent.filter(it -> it.segment() == number)
                .map(SegmentExtent::length)
                .orElse(0L);
        long end = last.map(Segment::size).orElse(0L);
        boolean damaged = !found.isEmpty() && found.getLast().atEnd();
        if (damaged && found.getLast().torn() && end >= known) {
            cut(found.removeLast());
            damaged = false;
        } else if (!damaged && end < known) {
            found.add(new SegmentDamage(number, last.map(Segment::magic).orElse(0), end, end, true, false));
            damaged = true;
        }
        if (damaged || last.map(Segment::isSealed).orElse(false)) {
            close(); // nothing is added to it
            last = Optional.empty();
        }
    }

    private void note(JournalRecord record, long segment, List<SegmentDamage> found) {
        stopped = record instanceof JournalRecord.Stop;
        switch (record) {
            case JournalRecord.OriginalDamage before ->
                found.add(new SegmentDamage(segment, before.magic(), before.from(), before.to(), false, false));
            case JournalRecord.Start begun -> start = Optional.of(begun);
            case JournalRecord.DamageReported note -> noted.add(note);
            case JournalRecord.Deletion deletion -> deletions.put(segment, deletion);
            case JournalRecord.DeletionDone done -> deletions.remove(done.segment());
            case JournalRecord.Published published -> {
                if (!published.erasure().isEmpty()) {
                    erasures.addOrSkip(published, segment);
                }
            }
            case JournalRecord.ErasureDone done -> erasures.done(done.segment());
            case JournalRecord.ErasureBegun begun -> {}
            case JournalRecord.Listed listed -> {}
            case JournalRecord.Sealed sealed -> {}
            case JournalRecord.Stop stop -> {}
            case JournalRecord.OfChannel other -> {}
        }
    }

    private void cut(SegmentDamage end) throws IOException {
        if (last.isPresent()) {
            last.get().cut();
        } else {
            Files.delete(directory.segment(end.segment()));
            newest--; // the next one takes its number, so that none is missing
        }
        warn("journal file " + name(end) + ": cut off the last " + (end.to() - end.from()) + " bytes, from byte "
                + end.from() + " on, of a record that was not finished when the server died");
    }

    private boolean reportDamages() {
        damages.removeIf(damage -> noted.contains(note(damage)) || noted.contains(formerNote(damage)));
        for (SegmentDamage damage : damages) {
            String lost = ": what was published there is lost, and all channels begin new epochs";
            LOG.log(Level.ERROR, describe(damage) + lost);
        }
        return damages.isEmpty();
    }

    /** Returns the note as the first version of the format has it. */
    private static JournalRecord.DamageReported formerNote(SegmentDamage damage) {
        return isMissing(damage)
                ? new JournalRecord.DamageReported(damage.from(), 0, 0, -1)
                : new JournalRecord.DamageReported(damage.segment(), 0, damage.from(), -1);
    }

    private String describe(SegmentDamage damage) {
        if (isMissing(damage)) {
            return damage.from() == damage.segment()
                    ? "journal file " + name(damage) + " is missing"
                    : "the journal files " + directory.segment(damage.from()) + " to " + name(damage) + " are missing";
        }
        String file = "journal file " + name(damage);
        if (damage.to() == 0) {
            return file + " is empty";
        }
        return damage.from() == damage.to()
                ? file + " is cut off at byte " + damage.from()
                : file + " is damaged from byte " + damage.from() + " to byte " + damage.to();
    }

    private boolean reachedTheDisk(String boot) {
        boolean reached = stopped
                || start.isEmpty()
                || start.get().durable()
                || !boot.isEmpty() && boot.equals(start.get().boot());
        if (!reached) {
            warn("the machine went down before the journal in " + directory
                    + " was on the disk: the last messages may be lost, and all channels begin new epochs");
        }
        return reached;
    }

    private Path name(SegmentDamage damage) {
        return directory.segment(damage.segment());
    }
}

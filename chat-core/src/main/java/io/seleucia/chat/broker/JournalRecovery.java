package io.seleucia.chat.broker;

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

/**
 * The state of a journal's directory at a start. A record at the end that a kill left unfinished is cut off. Damages stay in
 * the files, so that the next start finds them again if this one does not get to its end; once new epochs have begun and
 * that is noted in the journal, they are not reported again.
 */
final class JournalRecovery implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Journal.class.getName());

    private final JournalDirectory directory;
    private final Journal.Reader reader;
    private final Optional<JournalExtent> extent;
    private long newest; // segment
    private final List<JournalSegment.Damage> damages = new ArrayList<>();
    private final Set<JournalRecord.Noted> noted = new HashSet<>();
    private final Map<Long, JournalRecord.Deletion> deletions = new HashMap<>();
    private Optional<JournalSegment> last = Optional.empty();
    private Optional<JournalRecord.Start> start = Optional.empty();
    private boolean stopped = true;
    private boolean complete;

    private JournalRecovery(JournalDirectory directory, Journal.Reader reader, Optional<JournalExtent> extent) {
        this.directory = directory;
        this.reader = reader;
        this.extent = extent;
    }

    /**
     * Reads all segments, however long that takes.
     *
     * @param boot what names this run of the machine; {@code ""} if that can't be told
     */
    static JournalRecovery read(JournalDirectory directory, String boot, Journal.Reader reader) throws IOException {
        JournalRecovery recovery = new JournalRecovery(directory, reader, JournalExtent.read(directory.extent()));
        try {
            recovery.read(boot);
            return recovery;
        } catch (IOException | RuntimeException | Error e) {
            recovery.close();
            throw e;
        }
    }

    private void read(String boot) throws IOException {
        readArchived();
        List<Long> numbers = directory.segments();
        for (long number : numbers) {
            expect(number);
            readSegment(number, number == numbers.getLast());
        }
        if (extent.isPresent() && extent.get().segment() > newest) {
            addMissing(
                    newest == 0 ? extent.get().segment() : newest + 1,
                    extent.get().segment());
            newest = extent.get().segment(); // its number may be known, and is not used again
        }
        boolean whole = reportDamages();
        boolean reached = reachedTheDisk(boot);
        complete = isOriginal() && whole && reached;
    }

    /** Looks which archived segments exist. Their records are read when a client asks for them. */
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

    private void warnOfArchive(long first, long last) {
        LOG.log(
                Level.WARNING,
                "in the archive of the journal in " + directory + ", the files of the segments " + first + " to " + last
                        + " are missing: what was published there can't be read; put them back from a backup, if there"
                        + " is one");
    }

    private boolean isOriginal() {
        if (directory.isRestored()) {
            LOG.log(
                    Level.WARNING,
                    "the journal in " + directory + " was put back from a backup; all channels begin new epochs");
        }
        return !directory.isRestored();
    }

    /** The newest segment, if it can be added to. */
    Optional<JournalSegment> last() {
        return last;
    }

    /** The number of the newest segment, be it in the archive; 0 if there is none. */
    long newest() {
        return newest;
    }

    /**
     * Whether this is all that was ever delivered. If it is not, positions may have been told that are beyond what was
     * read, and no epoch may go on.
     */
    boolean isComplete() {
        return complete;
    }

    /** Deletions that have not been carried out, by the segments that they begin. */
    Map<Long, JournalRecord.Deletion> deletions() {
        return deletions;
    }

    /** Returns the segments whose damage has been reported, now or earlier. */
    Set<Long> damaged() {
        Set<Long> segments = new HashSet<>();
        noted.forEach(it -> segments.add(it.segment()));
        damages.forEach(it -> segments.add(it.segment()));
        return segments;
    }

    /** What says that the damages have been reported. */
    List<JournalRecord> notes() {
        return damages.stream().<JournalRecord>map(JournalRecovery::note).toList();
    }

    private static JournalRecord.Noted note(JournalSegment.Damage damage) {
        return new JournalRecord.Noted(damage.segment(), damage.mark(), damage.from(), damage.to());
    }

    /** Closes the newest segment, after a start that failed. */
    @Override
    public void close() throws IOException {
        if (last.isPresent()) {
            last.get().close();
        }
    }

    private void expect(long number) {
        if (newest > 0 && newest + 1 < number) {
            addMissing(newest + 1, number - 1);
        }
        newest = Math.max(newest, number);
    }

    private void addMissing(long first, long last) {
        damages.add(new JournalSegment.Damage(last, 0, first, 0, true, false));
    }

    private static boolean isMissing(JournalSegment.Damage damage) {
        return damage.to() == 0 && damage.from() > 0;
    }

    private void readSegment(long number, boolean isLast) throws IOException {
        close();
        last = Optional.empty();
        List<JournalSegment.Damage> found = new ArrayList<>();
        try {
            last = JournalSegment.read(
                    directory,
                    number,
                    !isLast,
                    record -> {
                        note(record, number, found);
                        reader.read(record, number);
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

    /** Compares the newest segment with its extent: only that tells a missing end from what a kill leaves. */
    private void judgeEnd(long number, List<JournalSegment.Damage> found) throws IOException {
        long known = extent.filter(it -> it.segment() == number)
                .map(JournalExtent::length)
                .orElse(0L);
        long end = last.map(JournalSegment::size).orElse(0L);
        boolean damaged = !found.isEmpty() && found.getLast().atEnd();
        if (damaged && found.getLast().torn() && end >= known) {
            cut(found.removeLast());
            damaged = false;
        } else if (!damaged && end < known) {
            found.add(new JournalSegment.Damage(
                    number, last.map(JournalSegment::mark).orElse(0), end, end, true, false));
            damaged = true;
        }
        if (damaged || last.map(JournalSegment::isOver).orElse(false)) {
            close(); // nothing is added to it
            last = Optional.empty();
        }
    }

    private void note(JournalRecord record, long segment, List<JournalSegment.Damage> found) {
        stopped = record instanceof JournalRecord.Stop;
        switch (record) {
            case JournalRecord.Damaged before ->
                found.add(new JournalSegment.Damage(segment, before.mark(), before.from(), before.to(), false, false));
            case JournalRecord.Sealed sealed -> {}
            case JournalRecord.Start begun -> start = Optional.of(begun);
            case JournalRecord.Noted note -> noted.add(note);
            case JournalRecord.Published published -> {}
            case JournalRecord.Standing standing -> {}
            case JournalRecord.Gone gone -> {}
            case JournalRecord.Deletion deletion -> deletions.put(segment, deletion);
            case JournalRecord.Erased erased -> deletions.remove(erased.segment());
            case JournalRecord.Stop stop -> {}
        }
    }

    private void cut(JournalSegment.Damage end) throws IOException {
        if (last.isPresent()) {
            last.get().cut();
        } else {
            Files.delete(directory.segment(end.segment()));
            newest--; // the next one takes its number, so that none is missing
        }
        LOG.log(
                Level.WARNING,
                "journal file " + name(end) + ": cut off the last " + (end.to() - end.from()) + " bytes, from byte "
                        + end.from() + " on, of a record that was not finished when the server died");
    }

    private boolean reportDamages() {
        damages.removeIf(damage -> noted.contains(note(damage)) || noted.contains(formerNote(damage)));
        for (JournalSegment.Damage damage : damages) {
            LOG.log(
                    Level.ERROR,
                    what(damage) + ": what was published there is lost, and all channels begin new epochs");
        }
        return damages.isEmpty();
    }

    /** As the first version of the format has it. */
    private static JournalRecord.Noted formerNote(JournalSegment.Damage damage) {
        return isMissing(damage)
                ? new JournalRecord.Noted(damage.from(), 0, 0, -1)
                : new JournalRecord.Noted(damage.segment(), 0, damage.from(), -1);
    }

    private String what(JournalSegment.Damage damage) {
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
            LOG.log(
                    Level.WARNING,
                    "the machine went down before the journal in " + directory
                            + " was on the disk: the last messages may be lost, and all channels begin new epochs");
        }
        return reached;
    }

    private Path name(JournalSegment.Damage damage) {
        return directory.segment(damage.segment());
    }
}

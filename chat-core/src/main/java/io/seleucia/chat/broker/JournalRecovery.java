package io.seleucia.chat.broker;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
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
 * What is found in a journal's directory. An end that is no record is cut off; every other damage stays where it is and
 * is reported at the first start that finds it.
 */
final class JournalRecovery {
    private static final Logger LOG = System.getLogger(Journal.class.getName());

    private final JournalDirectory directory;
    private final Journal.Reader reader;
    private long newest; // segment
    private final List<JournalSegment.Damage> damages = new ArrayList<>();
    private final Set<JournalRecord.Noted> noted = new HashSet<>();
    private final Map<Long, JournalRecord.Deletion> deletions = new HashMap<>();
    private Optional<JournalSegment> last = Optional.empty();
    private Optional<JournalRecord.Start> start = Optional.empty();
    private boolean stopped = true;
    private boolean complete;

    private JournalRecovery(JournalDirectory directory, Journal.Reader reader) {
        this.directory = directory;
        this.reader = reader;
    }

    /**
     * Reads all segments, however long that takes.
     *
     * @param boot what names this run of the machine; {@code ""} if that can't be told
     */
    static JournalRecovery read(JournalDirectory directory, String boot, Journal.Reader reader) throws IOException {
        JournalRecovery recovery = new JournalRecovery(directory, reader);
        List<Long> numbers = directory.segments();
        boolean wholeEnd = true;
        for (long number : numbers) {
            recovery.expect(number);
            wholeEnd = recovery.readSegment(number, number == numbers.getLast());
        }
        List<Long> archived = directory.archived();
        recovery.newest = Math.max(recovery.newest, archived.isEmpty() ? 0 : archived.getLast());
        recovery.complete = recovery.reportDamages() && wholeEnd && recovery.reachedTheDisk(boot);
        return recovery;
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

    /** What says that the damages have been reported. */
    List<JournalRecord> notes() {
        return damages.stream()
                .<JournalRecord>map(damage -> new JournalRecord.Noted(damage.segment(), damage.from()))
                .toList();
    }

    private void expect(long number) {
        if (newest > 0 && newest + 1 != number) {
            damages.add(new JournalSegment.Damage(newest + 1, 0, 0, true, false));
        }
        newest = number;
    }

    /** Whether the segment ends with a record, or one that was never finished. */
    private boolean readSegment(long number, boolean isLast) throws IOException {
        if (last.isPresent()) {
            last.get().close();
        }
        List<JournalSegment.Damage> found = new ArrayList<>();
        last = JournalSegment.read(
                directory,
                number,
                record -> {
                    note(record, number);
                    reader.read(record, number);
                },
                found::add);
        boolean whole = true;
        if (isLast && !found.isEmpty() && found.getLast().atEnd()) {
            JournalSegment.Damage end = found.removeLast();
            whole = end.torn();
            cut(end);
        }
        damages.addAll(found);
        return whole;
    }

    private void note(JournalRecord record, long segment) {
        stopped = record instanceof JournalRecord.Stop;
        switch (record) {
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
                        + end.from() + " on, "
                        + (end.torn()
                                ? "of a record that was not finished when the server died"
                                : "which are damaged; all channels begin new epochs"));
    }

    private boolean reportDamages() {
        damages.removeIf(damage -> noted.contains(new JournalRecord.Noted(damage.segment(), damage.from())));
        for (JournalSegment.Damage damage : damages) {
            String what = damage.to() == 0
                    ? " is missing"
                    : " is damaged from byte " + damage.from() + " to byte " + damage.to();
            LOG.log(
                    Level.ERROR,
                    "journal file " + name(damage) + what
                            + ": what was published there is lost, and all channels begin new epochs");
        }
        return damages.isEmpty();
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

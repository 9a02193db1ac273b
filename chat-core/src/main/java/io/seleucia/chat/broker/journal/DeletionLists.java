package io.seleucia.chat.broker.journal;

import io.seleucia.chat.message.Attributes.Deleted;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;

/**
 * The deleted messages whose content is still in the files, listed in a small file beside each sealed segment that may have
 * some of it. So they take next to no memory, however many there are. A list has the format of a segment, and the magic number
 * of its own: it has no effect once that is replaced. Like an index it can be made again, from the records of the deletions.
 *
 * <p>One thread at a time changes lists; any thread may read them.
 */
final class DeletionLists {
    private static final Logger LOG = System.getLogger(DeletionLists.class.getName());
    private static final int BATCH = 1_000;

    /**
     * A list.
     *
     * @param magic the segment's magic number
     * @param count the number of messages
     * @param since when the first of them was deleted, by the nanosecond clock
     * @param oldest the oldest segment that has one of the deletions
     */
    record Summary(int magic, int count, long since, long oldest) {
        /** Returns a summary that also has the deletions of a segment on its list, or will have them. */
        private Summary from(long segment) {
            return new Summary(magic, count, since, Math.min(oldest, segment));
        }

        /** Returns the summary of a list that does not have its deletions yet. */
        private Summary emptied() {
            return new Summary(magic, 0, since, oldest);
        }

        private static Summary of(int magic, Collection<JournalRecord.Listed> list) {
            long now = System.nanoTime();
            return new Summary(
                    magic,
                    list.size(),
                    now
                            - list.stream()
                                    .mapToLong(it -> now - Erasures.nanos(it.time()))
                                    .max()
                                    .orElse(0),
                    list.stream()
                            .mapToLong(JournalRecord.Listed::deletedIn)
                            .min()
                            .orElse(Long.MAX_VALUE));
        }
    }

    /** A list is not as it was written. */
    static final class DamagedException extends IOException {
        private static final long serialVersionUID = 1;

        private DamagedException(long segment) {
            super("the list of messages that are deleted in journal file " + segment + " can't be read");
        }
    }

    private final JournalDirectory directory;
    private final NavigableMap<Long, Summary> lists = new ConcurrentSkipListMap<>(); // by their segments
    private final Set<Long> damaged =
            ConcurrentHashMap.newKeySet(); // segments whose lists are, until they are made again

    DeletionLists(JournalDirectory directory) {
        this.directory = directory;
    }

    /** Finds the lists of an earlier process. Deletes those that are damaged, or whose segment is gone or replaced. */
    void open() throws IOException {
        for (long segment : directory.listed()) {
            try {
                Optional<Integer> magic = magic(segment);
                List<JournalRecord.Listed> list = magic.isPresent() ? readAll(segment, magic.get()) : List.of();
                if (!list.isEmpty()) {
                    lists.put(segment, Summary.of(magic.orElseThrow(), list));
                }
            } catch (IOException e) {
                LOG.log(Level.DEBUG, () -> "a list of deleted messages is made again: " + e);
            }
            if (!lists.containsKey(segment)) {
                discard(segment);
            }
        }
    }

    private void discard(long segment) {
        try {
            Files.deleteIfExists(directory.list(segment));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "a useless list of deleted messages stays: " + e);
        }
    }

    private Optional<Integer> magic(long segment) throws IOException {
        try (SegmentReader reader =
                directory.read(segment, SegmentReader.SINGLE).orElse(null)) {
            return reader != null && reader.hasHead() ? Optional.of(reader.magic()) : Optional.empty();
        }
    }

    private List<JournalRecord.Listed> readAll(long segment, int magic) throws IOException {
        List<JournalRecord.Listed> list = new ArrayList<>();
        try (SegmentReader reader = SegmentReader.open(segment, directory.list(segment), SegmentReader.WHOLE)) {
            if (!reader.hasHead() || reader.magic() != magic || reader.isHeadDamaged()) {
                throw new DamagedException(segment);
            }
            List<SegmentDamage> damages = new ArrayList<>();
            reader.read(
                    SegmentFormat.HEAD,
                    true,
                    (position, record) -> {
                        if (record instanceof JournalRecord.Listed listed) {
                            list.add(listed);
                        }
                    },
                    damages::add);
            if (!damages.isEmpty()) {
                throw new DamagedException(segment);
            }
        }
        return list;
    }

    /** Returns whether a segment has a list. */
    boolean has(long segment) {
        return lists.containsKey(segment);
    }

    /** Returns what is known of a segment's list, if it has one. Each change makes another one of it. */
    Optional<Summary> summary(long segment) {
        return Optional.ofNullable(lists.get(segment));
    }

    /**
     * Returns the deletions of the messages of a channel, or of all, in a segment.
     *
     * @throws FilesChangedException if the segment with this magic number has been replaced
     * @throws IOException if the list can't be read; a {@link DamagedException} if it must be made again before
     */
    Map<Erasure.Place, Deleted> read(long segment, int magic, Optional<String> channel) throws IOException {
        Summary summary = lists.get(segment);
        Map<Erasure.Place, Deleted> deleted = new HashMap<>();
        if (summary == null) {
            return deleted;
        }
        if (summary.magic != magic) {
            throw new FilesChangedException();
        }
        for (JournalRecord.Listed one : readAll(segment, summary)) {
            if (channel.isEmpty() || channel.get().equals(one.channel())) {
                deleted.put(Erasure.Place.of(one.channel(), one.position()), new Deleted(one.by(), one.time()));
            }
        }
        return deleted;
    }

    /** Returns whether a sender has deleted some of the listed messages of a segment. */
    boolean haveDeletionsBy(String sender, long segment) throws IOException {
        Summary summary = lists.get(segment);
        return summary != null
                && readAll(segment, summary).stream().anyMatch(one -> one.by().equals(sender));
    }

    /** Reads a list as a whole: not the one before or behind it, nor one that is being made again. */
    private List<JournalRecord.Listed> readAll(long segment, Summary summary) throws IOException {
        if (damaged.contains(segment)) {
            throw new DamagedException(segment);
        }
        List<JournalRecord.Listed> list = readOrReport(segment, summary);
        if (lists.get(segment) != summary) {
            throw new FilesChangedException();
        }
        return list;
    }

    /** Reads a list, and notes if it is damaged. That other files can't be opened, for example, does not mean that. */
    private List<JournalRecord.Listed> readOrReport(long segment, Summary summary) throws IOException {
        try {
            return readAll(segment, summary.magic);
        } catch (DamagedException | NoSuchFileException e) {
            if (lists.get(segment) != summary) {
                throw new FilesChangedException(); // it was replaced or removed at this moment
            }
            damaged.add(segment);
            DamagedException failure = new DamagedException(segment);
            failure.addSuppressed(e);
            throw failure;
        }
    }

    /** Returns the segments whose lists must be made again. Until {@link #complete}, nothing reads them. */
    Set<Long> damaged() {
        return Set.copyOf(damaged);
    }

    /** Empties a damaged list, to which everything is to be added again. */
    void empty(long segment) throws IOException {
        lists.computeIfPresent(segment, (same, summary) -> summary.emptied());
        Files.deleteIfExists(directory.list(segment));
    }

    /** Lets a list be read again, to which everything has been added. */
    void complete(long segment) throws IOException {
        Summary summary = lists.get(segment);
        if (summary == null || summary.count == 0) {
            remove(segment);
        }
        damaged.remove(segment);
    }

    /** Adds messages to the list of a segment. The file replaces the former one, and is not synced: see {@link #open}. */
    void add(long segment, int magic, Map<Erasure.Place, Erasures.Waiting> more) throws IOException {
        Map<Erasure.Place, JournalRecord.Listed> list = new HashMap<>();
        Summary known = lists.get(segment);
        Summary before = known != null && known.magic == magic ? known : new Summary(magic, 0, 0, Long.MAX_VALUE);
        if (before.count > 0) {
            readOrReport(segment, before)
                    .forEach(one -> list.put(Erasure.Place.of(one.channel(), one.position()), one));
        }
        more.forEach((place, by) -> list.putIfAbsent(
                place,
                new JournalRecord.Listed(
                        place.channel(),
                        new Position(place.epoch(), place.offset()),
                        by.deletion().by(),
                        by.deletion().time(),
                        by.segment())));
        if (list.size() > before.count) {
            write(segment, magic, List.copyOf(list.values()));
            lists.put(segment, Summary.of(magic, list.values()).from(before.oldest));
        }
    }

    private void write(long segment, int magic, List<JournalRecord.Listed> list) throws IOException {
        try (Segment file = Segment.create(JournalDirectory.unfinished(directory.list(segment)), segment, magic)) {
            for (int i = 0; i < list.size(); i += BATCH) {
                file.append(list.subList(i, Math.min(list.size(), i + BATCH)).stream()
                        .map(JournalRecord::encoded)
                        .toList());
            }
            file.append(List.of(new JournalRecord.Sealed().encoded()));
        }
        directory.replaceUnsynced(directory.list(segment));
    }

    /** Forgets a list: its segment has been replaced or deleted. */
    void remove(long segment) throws IOException {
        lists.remove(segment);
        Files.deleteIfExists(directory.list(segment));
        damaged.remove(segment);
    }

    /** Forgets a list if its segment has another magic number by now. */
    void removeOfOther(long segment, int magic) throws IOException {
        Summary summary = lists.get(segment);
        if (summary != null && summary.magic != magic) {
            remove(segment);
        }
    }

    /** Returns the oldest segment that has a deletion of a listed message. */
    OptionalLong oldest() {
        return lists.values().stream().mapToLong(Summary::oldest).min();
    }

    /** Returns the segment whose first listed message was deleted first, if that was so long ago. */
    Optional<Long> overdue(long nanos) {
        long now = System.nanoTime();
        return first(list -> now - list.since >= nanos, Comparator.comparingLong(list -> now - list.since));
    }

    /** Returns the segment with most listed messages, of those that have many or one that was deleted so long ago. */
    Optional<Long> fullest(int many, long nanos) {
        long now = System.nanoTime();
        return first(
                list -> list.count >= many || now - list.since >= nanos, Comparator.comparingInt(list -> list.count));
    }

    private Optional<Long> first(Predicate<Summary> wanted, Comparator<Summary> order) {
        return lists.entrySet().stream()
                .filter(list -> !damaged.contains(list.getKey()) && wanted.test(list.getValue()))
                .max(Map.Entry.comparingByValue(order))
                .map(Map.Entry::getKey);
    }
}

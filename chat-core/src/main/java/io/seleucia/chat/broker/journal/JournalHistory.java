package io.seleucia.chat.broker.journal;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * The part of the channels' histories that is no longer in memory, read from the journal's files. The calling thread reads
 * them, at most four threads at a time, and holds no lock that a publisher needs.
 *
 * <p>A history consists of the messages published in the channel's epoch and in the epochs that it continues.
 */
public final class JournalHistory {
    private static final Duration LIMIT = Duration.ofMillis(1_900);
    private static final Duration FOR_FOLDS = Duration.ofMillis(700); // of that time
    private static final int READERS = 4;
    private static final int MAX_PAGE_CHARS = 2 * 1024 * 1024; // more than a reply can hold
    private static final long PAUSE_NANOS = 1_000_000; // for a deletion to go on

    /**
     * Messages of a history, oldest first.
     *
     * @param complete whether these are all matching messages; otherwise more may follow
     */
    public record Found(List<Message> messages, boolean complete) {}

    /**
     * Messages as they are now, oldest first.
     *
     * @param complete whether these are all matching messages; otherwise more may follow
     */
    public record FoundFolded(List<FoldedMessage> messages, boolean complete) {}

    /**
     * A message in the files.
     *
     * @param fold as it was when the message left the history in memory
     * @param epochs the channel's epochs since it was published
     */
    public record Stored(Message message, Fold fold, List<String> epochs) {}

    private interface Query<T> {
        T run(Search search) throws IOException;
    }

    private final ActiveSegmentIndex active;
    private final Archive archive;
    private final JournalDirectory directory;
    private final IndexCache cache = new IndexCache();
    private final Bulkhead<UnavailableException> readers =
            new Bulkhead<>(READERS, LIMIT, "read the archive", UnavailableException::new);

    JournalHistory(ActiveSegmentIndex active, Archive archive, JournalDirectory directory) {
        this.active = active;
        this.archive = archive;
        this.directory = directory;
    }

    /**
     * Returns the oldest messages after an offset and before another one; fewer than the limit if they are long. Blocks for
     * two seconds at most.
     *
     * @param last the channel's position
     */
    public Found after(String channel, Position last, long offset, long before, int limit) throws UnavailableException {
        return ask(channel, last, limit, true, search -> search.after(offset, before));
    }

    /** Returns the newest messages before an offset. Blocks and throws as {@link #after} does. */
    public Found before(String channel, Position last, long offset, int limit) throws UnavailableException {
        return ask(channel, last, limit, true, search -> search.before(offset));
    }

    /**
     * Like {@link #after}, but returns messages as they are now, without annotations.
     *
     * @param unwritten folds that the files may not have yet, by the offsets of their messages
     */
    public FoundFolded foldedAfter(
            String channel, Position last, long offset, long before, int limit, Map<Long, Fold> unwritten)
            throws UnavailableException {
        return ask(channel, last, limit, false, search -> search.foldedAfter(offset, before, unwritten));
    }

    /** Like {@link #before}, but returns messages as {@link #foldedAfter} does. */
    public FoundFolded foldedBefore(String channel, Position last, long offset, int limit, Map<Long, Fold> unwritten)
            throws UnavailableException {
        return ask(channel, last, limit, false, search -> search.foldedBefore(offset, unwritten));
    }

    /** Returns the message with an offset, if the files have it. Blocks and throws as {@link #after} does. */
    public Optional<Stored> find(String channel, Position last, long offset) throws UnavailableException {
        return ask(channel, last, 1, true, search -> search.find(offset));
    }

    private <T> T ask(String channel, Position last, int limit, boolean annotations, Query<T> query)
            throws UnavailableException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        Search search = new Search(channel, last, limit, annotations, deadline);
        readers.enter();
        try {
            while (true) {
                try {
                    return query.run(search);
                } catch (FilesChangedException e) { // a deletion has replaced a file
                    if (search.isLate()) {
                        throw e;
                    }
                    cache.forget();
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            }
        } catch (IOException e) {
            throw new UnavailableException("the archive can't be read: " + e.getMessage(), e);
        } finally {
            readers.leave();
        }
    }

    /** There is no time for more. */
    private static final class LateException extends IOException {
        private static final long serialVersionUID = 1;

        private LateException() {
            super("that took longer than two seconds");
        }
    }

    /** A message as a segment has it, and its position in the history. */
    private record Raw(Message message, Position position, long segment) {}

    /** A fold as a segment has it. */
    private record RawFold(JournalRecord.Folded folded, long segment) {}

    /** The state of one query. */
    private final class Search {
        private final String channel;
        private final Position last;
        private final int limit;
        private final boolean annotations; // whether they are wanted
        private final long deadline;
        private final SearchedSegments segments;
        private final List<Raw> found = new ArrayList<>(); // in the order of reading
        private final Set<String> epochs = new LinkedHashSet<>(); // of the ranges gone through
        private final Set<Long> indexedAgain = new HashSet<>(); // segments
        private long activeSegment;
        private long oldestSegment; // that has a message found
        private int chars;
        private long until; // when the search ends; before the deadline if folds must be read after it

        private Search(String channel, Position last, int limit, boolean annotations, long deadline) {
            this.channel = channel;
            this.last = last;
            this.limit = limit;
            this.annotations = annotations;
            this.deadline = deadline;
            this.segments = new SearchedSegments(archive, directory, channel);
        }

        private Found before(long end) throws IOException {
            return page(findBefore(end), false);
        }

        private Found after(long offset, long before) throws IOException {
            return page(findAfter(offset, before), true);
        }

        /** Returns what is found as readers may see it at this moment. */
        private Found page(boolean complete, boolean forward) throws IOException {
            List<Message> messages = new ArrayList<>(found.size());
            for (Raw raw : found) {
                messages.add(visible(raw));
            }
            segments.requireUnchanged();
            return new Found(List.copyOf(forward ? messages : messages.reversed()), complete);
        }

        private Message visible(Raw raw) throws IOException {
            return segments.visible(raw.message(), raw.segment())
                    .orElseThrow(FilesChangedException::new) // there is one message less now
                    .in(channel)
                    .at(raw.position());
        }

        /** Finds messages, newest first. Returns whether these are all. */
        private boolean findBefore(long end) throws IOException {
            HistoryCursor cursor = begin();
            long offset = end;
            try {
                while (!isFull()) {
                    Optional<OffsetRange> next = cursor.next();
                    if (next.isEmpty()) {
                        break;
                    }
                    OffsetRange range = next.get();
                    int to = find(range, offset);
                    while (to > 0 && !isFull()) {
                        int from = Math.max(0, to - (limit - found.size()));
                        add(range, from, to, false);
                        to = from;
                    }
                    offset = Math.min(offset, range.first());
                }
                return !isFull();
            } catch (LateException e) {
                return cutOff(e);
            } finally {
                cache.keep(name(), cursor.cached());
            }
        }

        /** Finds messages, oldest first. Returns whether these are all. */
        private boolean findAfter(long offset, long before) throws IOException {
            ArrayDeque<OffsetRange> wanted = new ArrayDeque<>(); // oldest first
            HistoryCursor cursor = begin();
            try {
                Optional<OffsetRange> next;
                do {
                    next = cursor.next();
                    next.filter(it -> it.last() > offset && it.first() < before).ifPresent(wanted::addFirst);
                } while (next.isPresent() && next.get().first() > offset + 1);
            } finally {
                cache.keep(name(), cursor.cached());
            }
            try {
                long known = offset;
                for (OffsetRange range : wanted) {
                    int end = find(range, before);
                    for (int begin = find(range, known + 1); begin < end && !isFull(); ) {
                        int to = Math.min(end, begin + limit - found.size());
                        add(range, begin, to, true);
                        begin = to;
                    }
                    known = Math.max(known, range.last());
                }
                return !isFull();
            } catch (LateException e) {
                return cutOff(e);
            }
        }

        /** Leaves it at the messages found, when there is no time to look for more. */
        private boolean cutOff(LateException e) throws LateException {
            if (found.isEmpty()) {
                throw e;
            }
            return false;
        }

        private Optional<Stored> find(long offset) throws IOException {
            HistoryCursor cursor = begin();
            try {
                for (Optional<OffsetRange> next = cursor.next(); next.isPresent(); next = cursor.next()) {
                    OffsetRange range = next.get();
                    epochs.add(range.epoch());
                    if (range.first() <= offset) {
                        int number = find(range, offset);
                        if (number < range.count()) {
                            add(range, number, number + 1, true);
                        }
                        break;
                    }
                }
            } finally {
                cache.keep(name(), cursor.cached());
            }
            if (found.isEmpty() || found.getFirst().position().offset() != offset) {
                return Optional.empty();
            }
            Fold fold = visible(folds(Set.of(offset)), offset);
            Message message = visible(found.getFirst());
            segments.requireUnchanged();
            return Optional.of(new Stored(message, fold, List.copyOf(epochs)));
        }

        private FoundFolded foldedBefore(long end, Map<Long, Fold> unwritten) throws IOException {
            return folded(findBefore(end), false, unwritten);
        }

        private FoundFolded foldedAfter(long offset, long before, Map<Long, Fold> unwritten) throws IOException {
            return folded(findAfter(offset, before), true, unwritten);
        }

        /** Returns messages with their folds: as many, in the order of reading, as have room on a page. */
        private FoundFolded folded(boolean complete, boolean forward, Map<Long, Fold> unwritten) throws IOException {
            until = deadline;
            Map<Long, RawFold> folds =
                    folds(found.stream().map(raw -> raw.position().offset()).collect(Collectors.toSet()));
            List<FoldedMessage> messages = new ArrayList<>();
            int length = 0;
            boolean fits = true;
            for (Raw raw : found) {
                long offset = raw.position().offset();
                Fold fold = unwritten.containsKey(offset) ? unwritten.get(offset) : visible(folds, offset);
                FoldedMessage folded = fold.of(visible(raw));
                length += folded.length();
                fits = messages.isEmpty() || length <= MAX_PAGE_CHARS;
                if (!fits) {
                    break;
                }
                messages.add(folded);
            }
            segments.requireUnchanged();
            return new FoundFolded(List.copyOf(forward ? messages : messages.reversed()), complete && fits);
        }

        private Fold visible(Map<Long, RawFold> folds, long offset) {
            RawFold raw = folds.get(offset);
            return raw == null ? Fold.NONE : segments.visible(raw.folded(), raw.segment());
        }

        /** Returns the newest folds of the messages with these offsets, which are those found. */
        private Map<Long, RawFold> folds(Set<Long> offsets) throws IOException {
            Map<Long, RawFold> folds = new HashMap<>();
            if (offsets.isEmpty()) {
                return folds;
            }
            String name = SegmentIndex.folds(channel);
            long first = Collections.min(offsets);
            long end = Collections.max(offsets) + 1;
            HistoryCursor cursor = cursor(name, name, oldestSegment); // a fold is written after its message
            try {
                for (Optional<OffsetRange> next = cursor.next();
                        next.isPresent() && next.get().segment() >= oldestSegment && folds.size() < offsets.size();
                        next = cursor.next()) {
                    OffsetRange range = next.get();
                    int from = find(range, first);
                    int to = find(range, end);
                    if (from < to) {
                        addFolds(range, use(range, index -> index.places(range, from, to - from)), offsets, folds);
                    }
                }
            } finally {
                cache.keep(name, cursor.cached());
            }
            return folds;
        }

        private void addFolds(
                OffsetRange range, List<SegmentIndex.Place> places, Set<Long> offsets, Map<Long, RawFold> folds)
                throws IOException {
            try (SegmentReader reader = segments.read(range).orElse(null)) {
                for (SegmentIndex.Place place : places) {
                    if (reader != null && offsets.contains(place.offset()) && !folds.containsKey(place.offset())) {
                        check();
                        Optional<JournalRecord> record = reader.record(place.position());
                        if (record.isEmpty()) {
                            archive.indexes().reportDamage(range.segment(), place.position());
                        } else if (record.get() instanceof JournalRecord.Folded folded) {
                            folds.put(place.offset(), new RawFold(folded, range.segment()));
                        }
                    }
                }
            }
        }

        private boolean isFull() {
            return found.size() >= limit || chars > MAX_PAGE_CHARS;
        }

        private HistoryCursor begin() throws IOException {
            found.clear();
            epochs.clear();
            epochs.add(last.epoch());
            chars = 0;
            until = annotations ? deadline : deadline - FOR_FOLDS.toNanos();
            oldestSegment = Long.MAX_VALUE;
            segments.begin();
            return cursor(name(), channel, 0);
        }

        /** Returns the name under which an index has the wanted messages, unless it has them under the channel's name. */
        private String name() {
            return annotations ? channel : SegmentIndex.withoutAnnotations(channel);
        }

        /** Returns a cursor in the segments from one on. In each it goes through one name or, without that, the other. */
        private HistoryCursor cursor(String name, String otherwise, long from) throws IOException {
            ActiveSegmentIndex.Seen seen = active.look(name, otherwise);
            activeSegment = seen.segment();
            NavigableSet<Long> sealed = archive.sealed(activeSegment);
            IndexCache.CachedRanges cached = cache.of(name);
            if (from > 0) {
                sealed = new TreeSet<>(sealed.tailSet(from, true));
                cached = cached.newest() < from ? IndexCache.CachedRanges.NONE : cached; // leaves no gap
            }
            return new HistoryCursor(
                    last.epoch(), seen.ranges(), cached, sealed, segment -> ranges(name, otherwise, segment));
        }

        private List<OffsetRange> ranges(String name, String otherwise, long segment) throws IOException {
            check();
            try (SegmentIndexFile index = archive.indexes().open(segment).orElse(null)) {
                return index == null ? List.of() : index.ranges(name, otherwise);
            } catch (IndexBlocks.DamagedException | EOFException e) {
                archive.indexes().delete(segment);
                throw new FilesChangedException();
            }
        }

        private int find(OffsetRange range, long offset) throws IOException {
            return use(range, index -> index.find(range, offset));
        }

        /** Adds messages of a range, as many as the page has room for. */
        private void add(OffsetRange range, int from, int to, boolean forward) throws IOException {
            List<SegmentIndex.Place> places = use(range, index -> index.places(range, from, to - from));
            try (SegmentReader reader = segments.read(range).orElse(null)) {
                if (reader == null) {
                    return;
                }
                for (SegmentIndex.Place place : forward ? places : places.reversed()) {
                    check();
                    if (chars <= MAX_PAGE_CHARS) {
                        add(reader, place, range);
                    }
                }
            }
        }

        private void add(SegmentReader reader, SegmentIndex.Place place, OffsetRange range) throws IOException {
            Optional<JournalRecord> record = reader.record(place.position());
            if (record.isEmpty()) {
                archive.indexes().reportDamage(range.segment(), place.position());
            } else if (record.get() instanceof JournalRecord.Published published
                    && published.message().channel().equals(channel)) {
                Message message = published.message();
                if (!annotations && message.attributes().isAnnotation()) {
                    indexAgain(range);
                    return;
                }
                Optional<Message> visible = segments.visible(message, range.segment());
                if (visible.isPresent()) {
                    chars += visible.get().content().asText().length();
                    found.add(new Raw(message, last.at(place.offset()), range.segment()));
                    oldestSegment = Math.min(oldestSegment, range.segment());
                }
            }
        }

        /** Has an index made again that an earlier version of the program made: it does not tell annotations from others. */
        private void indexAgain(OffsetRange range) throws IOException {
            if (range.segment() != activeSegment && indexedAgain.add(range.segment())) {
                archive.indexes().delete(range.segment());
                throw new FilesChangedException();
            }
        }

        private <T> T use(OffsetRange range, ActiveSegmentIndex.Use<T> what) throws IOException {
            if (range.segment() == activeSegment) {
                return active.use(range, what);
            }
            try (SegmentIndexFile index =
                    archive.indexes().open(range.segment()).orElse(null)) {
                if (index == null || index.magic() != range.magic()) {
                    throw new FilesChangedException();
                }
                return what.of(index);
            } catch (IndexBlocks.DamagedException | EOFException e) {
                archive.indexes().delete(range.segment());
                throw new FilesChangedException();
            }
        }

        private boolean isLate() {
            return System.nanoTime() - deadline > 0;
        }

        private void check() throws IOException {
            if (System.nanoTime() - until > 0) {
                throw new LateException();
            }
        }
    }
}

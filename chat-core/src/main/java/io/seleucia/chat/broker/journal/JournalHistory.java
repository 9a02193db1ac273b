package io.seleucia.chat.broker.journal;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The part of the channels' histories that is no longer in memory, read from the journal's files. The calling thread reads
 * them, at most four threads at a time, and holds no lock that a publisher needs.
 *
 * <p>A history consists of the messages published in the channel's epoch and in the epochs that it continues.
 */
public final class JournalHistory {
    private static final Duration LIMIT = Duration.ofMillis(1_900);
    private static final int READERS = 4;
    private static final int MAX_PAGE_CHARS = 2 * 1024 * 1024; // more than a reply can hold
    private static final long PAUSE_NANOS = 1_000_000; // for a deletion to go on

    /**
     * Messages of a history, oldest first.
     *
     * @param complete whether these are all matching messages; otherwise more may follow
     */
    public record Found(List<Message> messages, boolean complete) {}

    private interface Query {
        Found run(Search search) throws IOException;
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
        return ask(channel, last, limit, search -> search.after(offset, before));
    }

    /** Returns the newest messages before an offset. Blocks and throws as {@link #after} does. */
    public Found before(String channel, Position last, long offset, int limit) throws UnavailableException {
        return ask(channel, last, limit, search -> search.before(offset));
    }

    private Found ask(String channel, Position last, int limit, Query query) throws UnavailableException {
        Search search = new Search(channel, last, limit, System.nanoTime() + LIMIT.toNanos());
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

    /** The state of one query. */
    private final class Search {
        private final String channel;
        private final Position last;
        private final int limit;
        private final long deadline;
        private final List<Message> found = new ArrayList<>();
        private long activeSegment;
        private int chars;

        private Search(String channel, Position last, int limit, long deadline) {
            this.channel = channel;
            this.last = last;
            this.limit = limit;
            this.deadline = deadline;
        }

        private Found before(long end) throws IOException {
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
                return new Found(found.reversed(), !isFull());
            } finally {
                cache.keep(channel, cursor.cached());
            }
        }

        private Found after(long offset, long before) throws IOException {
            ArrayDeque<OffsetRange> wanted = new ArrayDeque<>(); // oldest first
            HistoryCursor cursor = begin();
            try {
                Optional<OffsetRange> next;
                do {
                    next = cursor.next();
                    next.filter(it -> it.last() > offset && it.first() < before).ifPresent(wanted::addFirst);
                } while (next.isPresent() && next.get().first() > offset + 1);
            } finally {
                cache.keep(channel, cursor.cached());
            }
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
            return new Found(List.copyOf(found), !isFull());
        }

        private boolean isFull() {
            return found.size() >= limit || chars > MAX_PAGE_CHARS;
        }

        private HistoryCursor begin() throws IOException {
            found.clear();
            chars = 0;
            ActiveSegmentIndex.Seen seen = active.look(channel);
            activeSegment = seen.segment();
            return new HistoryCursor(
                    last.epoch(), seen.ranges(), cache.of(channel), archive.sealed(activeSegment), this::ranges);
        }

        private List<OffsetRange> ranges(long segment) throws IOException {
            check();
            try (SegmentIndexFile index = archive.index(segment).orElse(null)) {
                return index == null ? List.of() : index.ranges(channel);
            } catch (IndexBlocks.DamagedException | EOFException e) {
                archive.invalidateIndex(segment);
                throw new FilesChangedException();
            }
        }

        private int find(OffsetRange range, long offset) throws IOException {
            return use(range, index -> index.find(range, offset));
        }

        /** Adds messages of a range, as many as the page has room for. */
        private void add(OffsetRange range, int from, int to, boolean forward) throws IOException {
            List<SegmentIndex.Place> places = use(range, index -> index.places(range, from, to - from));
            try (SegmentReader reader =
                    directory.read(range.segment(), SegmentReader.SINGLE).orElse(null)) {
                if (reader == null) {
                    return; // it has been deleted meanwhile
                }
                if (!reader.hasHead() || reader.magic() != range.magic()) {
                    throw new FilesChangedException();
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
                archive.reportDamage(range.segment(), place.position());
            } else if (record.get() instanceof JournalRecord.Published published
                    && published.message().channel().equals(channel)
                    && !archive.isDeleted(published.message(), range.segment())) {
                chars += published.message().content().asText().length();
                found.add(published.message().in(channel).at(last.at(place.offset())));
            }
        }

        private <T> T use(OffsetRange range, ActiveSegmentIndex.Use<T> what) throws IOException {
            if (range.segment() == activeSegment) {
                return active.use(range, what);
            }
            try (SegmentIndexFile index = archive.index(range.segment()).orElse(null)) {
                if (index == null || index.magic() != range.magic()) {
                    throw new FilesChangedException();
                }
                return what.of(index);
            } catch (IndexBlocks.DamagedException | EOFException e) {
                archive.invalidateIndex(range.segment());
                throw new FilesChangedException();
            }
        }

        private boolean isLate() {
            return System.nanoTime() - deadline > 0;
        }

        private void check() throws IOException {
            if (isLate()) {
                throw new IOException("that took longer than two seconds");
            }
        }
    }
}

package io.seleucia.chat.broker;

import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Channels' histories as a journal's files have them: what a broker's memory no longer holds. Any thread may ask; it reads
 * the files itself, a few at a time, and holds no lock that a publisher needs.
 *
 * <p>What belongs to a history is what was published in the channel's epoch, and in those that this one goes on from.
 */
final class JournalHistory {
    private static final Duration LIMIT = Duration.ofMillis(1_900);
    private static final int READERS = 4;
    private static final int MAX_PAGE_CHARS = 2 * 1024 * 1024; // more than a reply can have
    private static final long PAUSE_NANOS = 1_000_000; // in which a deletion gets a little further

    /**
     * Messages of a history, oldest first.
     *
     * @param complete whether these are all that was asked for; else there may be more behind them
     */
    record Found(List<Message> messages, boolean complete) {}

    private interface Question {
        Found answer(Search search) throws IOException;
    }

    private final Journal journal;
    private final JournalArchive archive;
    private final JournalDirectory directory;
    private final JournalTip tip;
    private final JournalTrails trails = new JournalTrails();
    private final Semaphore readers = new Semaphore(READERS);

    JournalHistory(Journal journal, JournalArchive archive, JournalDirectory directory) {
        this.journal = journal;
        this.archive = archive;
        this.directory = directory;
        this.tip = new JournalTip(journal, directory);
    }

    /**
     * The oldest messages after an offset and before another one.
     *
     * @param last where the channel stands
     * @param limit the most that are given; fewer are, where they are long
     * @throws UnavailableException if the files can't be read, or not in two seconds
     */
    Found after(String channel, Position last, long offset, long before, int limit) throws UnavailableException {
        return ask(channel, last, limit, search -> search.after(offset, before));
    }

    /** The newest messages before an offset. Like {@link #after}. */
    Found before(String channel, Position last, long offset, int limit) throws UnavailableException {
        return ask(channel, last, limit, search -> search.before(offset));
    }

    private Found ask(String channel, Position last, int limit, Question question) throws UnavailableException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        try {
            if (!readers.tryAcquire(LIMIT.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new UnavailableException("too many read the archive", null);
            }
            try {
                return ask(new Search(channel, last, limit, deadline), question);
            } finally {
                readers.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted before the archive is read", e);
        } catch (IOException e) {
            throw new UnavailableException("the archive can't be read: " + e.getMessage(), e);
        }
    }

    /** Files are replaced while something is deleted from them, one after the other: then it asks again. */
    private Found ask(Search search, Question question) throws IOException {
        while (true) {
            try {
                return question.answer(search);
            } catch (JournalTrails.ChangedException e) {
                if (System.nanoTime() - search.deadline > 0) {
                    throw e;
                }
                trails.forget();
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    /** One question. */
    private final class Search {
        private final String channel;
        private final Position last;
        private final int limit;
        private final long deadline;
        private final List<Message> found = new ArrayList<>();
        private long tipSegment;
        private int chars;

        private Search(String channel, Position last, int limit, long deadline) {
            this.channel = channel;
            this.last = last;
            this.limit = limit;
            this.deadline = deadline;
        }

        private Found before(long end) throws IOException {
            JournalTrails.Walk walk = begin();
            long offset = end;
            try {
                while (!isFull()) {
                    Optional<JournalIndex.Stretch> next = walk.next();
                    if (next.isEmpty()) {
                        break;
                    }
                    JournalIndex.Stretch stretch = next.get();
                    int to = find(stretch, offset);
                    while (to > 0 && !isFull()) {
                        int from = Math.max(0, to - (limit - found.size()));
                        take(stretch, from, to, false);
                        to = from;
                    }
                    offset = Math.min(offset, stretch.first());
                }
                return new Found(found.reversed(), !isFull());
            } finally {
                trails.keep(channel, walk.trail());
            }
        }

        private Found after(long offset, long before) throws IOException {
            ArrayDeque<JournalIndex.Stretch> wanted = new ArrayDeque<>(); // oldest first
            JournalTrails.Walk walk = begin();
            try {
                Optional<JournalIndex.Stretch> next;
                do {
                    next = walk.next();
                    next.filter(it -> it.last() > offset && it.first() < before).ifPresent(wanted::addFirst);
                } while (next.isPresent() && next.get().first() > offset + 1);
            } finally {
                trails.keep(channel, walk.trail());
            }
            long known = offset;
            for (JournalIndex.Stretch stretch : wanted) {
                int end = find(stretch, before);
                for (int begin = find(stretch, known + 1); begin < end && !isFull(); ) {
                    int to = Math.min(end, begin + limit - found.size());
                    take(stretch, begin, to, true);
                    begin = to;
                }
                known = Math.max(known, stretch.last());
            }
            return new Found(List.copyOf(found), !isFull());
        }

        private boolean isFull() {
            return found.size() >= limit || chars > MAX_PAGE_CHARS;
        }

        private JournalTrails.Walk begin() throws IOException {
            found.clear();
            chars = 0;
            JournalTip.Seen seen = tip.look(channel);
            tipSegment = seen.segment();
            return new JournalTrails.Walk(
                    last.epoch(), seen.stretches(), trails.of(channel), archive.over(tipSegment), this::stretches);
        }

        private List<JournalIndex.Stretch> stretches(long segment) throws IOException {
            check();
            try (JournalIndexFile index = archive.index(segment).orElse(null)) {
                return index == null ? List.of() : index.stretches(channel);
            } catch (IndexBlocks.DamagedException | EOFException e) {
                archive.distrust(segment);
                throw new JournalTrails.ChangedException();
            }
        }

        private int find(JournalIndex.Stretch stretch, long offset) throws IOException {
            return use(stretch, index -> index.find(stretch, offset));
        }

        /** Takes messages of a stretch, as many as there is room for. */
        private void take(JournalIndex.Stretch stretch, int from, int to, boolean forward) throws IOException {
            List<JournalIndex.Place> places = use(stretch, index -> index.places(stretch, from, to - from));
            try (JournalReader reader =
                    directory.read(stretch.segment(), JournalReader.SINGLE).orElse(null)) {
                if (reader == null) {
                    return; // it has been dropped meanwhile
                }
                if (!reader.hasHead() || reader.mark() != stretch.mark()) {
                    throw new JournalTrails.ChangedException();
                }
                for (JournalIndex.Place place : forward ? places : places.reversed()) {
                    check();
                    if (chars <= MAX_PAGE_CHARS) {
                        take(reader, place, stretch);
                    }
                }
            }
        }

        private void take(JournalReader reader, JournalIndex.Place place, JournalIndex.Stretch stretch)
                throws IOException {
            Optional<JournalRecord> record = reader.record(place.position());
            if (record.isEmpty()) {
                archive.complain(stretch.segment(), place.position());
            }
            if (record.isPresent()
                    && record.get() instanceof JournalRecord.Published published
                    && published.message().channel().equals(channel)
                    && !archive.isDeleted(published.message(), stretch.segment())) {
                Message message = published.message();
                chars += message.content().asText().length();
                Position position = last.at(place.offset());
                found.add(new Message(channel, position, message.sender(), message.time(), message.content()));
            }
        }

        private <T> T use(JournalIndex.Stretch stretch, JournalTip.Use<T> what) throws IOException {
            if (stretch.segment() == tipSegment) {
                return tip.use(stretch, what);
            }
            try (JournalIndexFile index = archive.index(stretch.segment()).orElse(null)) {
                if (index == null || index.mark() != stretch.mark()) {
                    throw new JournalTrails.ChangedException();
                }
                return what.of(index);
            } catch (IndexBlocks.DamagedException | EOFException e) {
                archive.distrust(stretch.segment());
                throw new JournalTrails.ChangedException();
            }
        }

        private void check() throws IOException {
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("that takes too long");
            }
        }
    }
}

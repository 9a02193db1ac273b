package io.seleucia.chat.broker.journal;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

    /** The state of one query. */
    private final class Search {
        private final String channel;
        private final Position last;
        private final boolean annotations; // whether they are wanted
        private final long deadline;
        private final RangeLookup lookup;
        private final SearchedSegments segments;
        private final MessageSearch messages;
        private final FoldSearch folds;

        private Search(String channel, Position last, int limit, boolean annotations, long deadline) {
            this.channel = channel;
            this.last = last;
            this.annotations = annotations;
            this.deadline = deadline;
            SegmentIndexes indexes = archive.indexes();
            this.lookup = new RangeLookup(active, archive, cache);
            this.segments = new SearchedSegments(archive, directory, channel);
            this.messages =
                    new MessageSearch(channel, last, limit, MAX_PAGE_CHARS, annotations, lookup, segments, indexes);
            this.folds = new FoldSearch(lookup, segments, indexes);
        }

        private void begin() {
            lookup.endAt(annotations ? deadline : deadline - FOR_FOLDS.toNanos());
        }

        private Found before(long end) throws IOException {
            begin();
            return page(messages.findBefore(end), false);
        }

        private Found after(long offset, long before) throws IOException {
            begin();
            return page(messages.findAfter(offset, before), true);
        }

        /** Returns what is found as readers may see it at this moment. */
        private Found page(boolean complete, boolean forward) throws IOException {
            List<Message> page = new ArrayList<>(messages.found().size());
            for (MessageSearch.Raw raw : messages.found()) {
                page.add(messages.visible(raw));
            }
            segments.requireUnchanged();
            return new Found(List.copyOf(forward ? page : page.reversed()), complete);
        }

        private Optional<Stored> find(long offset) throws IOException {
            begin();
            Set<String> epochs = new LinkedHashSet<>(Set.of(last.epoch()));
            Optional<MessageSearch.Raw> found = messages.findOne(offset, epochs::add);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            folds.find(channel, last.epoch(), Set.of(offset), messages.oldestSegment());
            Fold fold = folds.visible(offset);
            Message message = messages.visible(found.get());
            segments.requireUnchanged();
            return Optional.of(new Stored(message, fold, List.copyOf(epochs)));
        }

        private FoundFolded foldedBefore(long end, Map<Long, Fold> unwritten) throws IOException {
            begin();
            return folded(messages.findBefore(end), false, unwritten);
        }

        private FoundFolded foldedAfter(long offset, long before, Map<Long, Fold> unwritten) throws IOException {
            begin();
            return folded(messages.findAfter(offset, before), true, unwritten);
        }

        /** Returns messages with their folds: as many, in the order of reading, as have room on a page. */
        private FoundFolded folded(boolean complete, boolean forward, Map<Long, Fold> unwritten) throws IOException {
            lookup.endAt(deadline);
            Set<Long> offsets =
                    messages.found().stream().map(MessageSearch.Raw::offset).collect(Collectors.toSet());
            folds.find(channel, last.epoch(), offsets, messages.oldestSegment());
            List<FoldedMessage> page = new ArrayList<>();
            int length = 0;
            boolean fits = true;
            for (MessageSearch.Raw raw : messages.found()) {
                Fold fold =
                        unwritten.containsKey(raw.offset()) ? unwritten.get(raw.offset()) : folds.visible(raw.offset());
                FoldedMessage folded = fold.of(messages.visible(raw));
                length += folded.length();
                fits = page.isEmpty() || length <= MAX_PAGE_CHARS;
                if (!fits) {
                    break;
                }
                page.add(folded);
            }
            segments.requireUnchanged();
            return new FoundFolded(List.copyOf(forward ? page : page.reversed()), complete && fits);
        }

        private boolean isLate() {
            return System.nanoTime() - deadline > 0;
        }
    }
}

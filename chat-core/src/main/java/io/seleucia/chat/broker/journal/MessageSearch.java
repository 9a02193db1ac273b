package io.seleucia.chat.broker.journal;

import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Finds messages of a channel in the files. Used by one thread. */
final class MessageSearch {
    private final String channel;
    private final Position last;
    private final int limit;
    private final int maxChars;
    private final boolean annotations; // whether they are wanted
    private final RangeLookup lookup;
    private final SearchedSegments segments;
    private final SegmentIndexes indexes;
    private final List<Raw> found = new ArrayList<>(); // in the order of reading
    private final Set<Long> indexedAgain = new HashSet<>(); // segments
    private long oldestSegment = Long.MAX_VALUE; // that has a message found
    private int chars;

    /** A message as a segment has it, and its position in the history. */
    record Raw(Message message, Position position, long segment) {
        long offset() {
            return position.offset();
        }
    }

    /**
     * Creates a search.
     *
     * @param last the channel's position
     * @param limit the maximum number of messages
     * @param maxChars the number of characters of text beyond which no further message is read
     */
    MessageSearch(
            String channel,
            Position last,
            int limit,
            int maxChars,
            boolean annotations,
            RangeLookup lookup,
            SearchedSegments segments,
            SegmentIndexes indexes) {
        this.channel = channel;
        this.last = last;
        this.limit = limit;
        this.maxChars = maxChars;
        this.annotations = annotations;
        this.lookup = lookup;
        this.segments = segments;
        this.indexes = indexes;
    }

    /** Returns the messages found, in the order of reading. */
    List<Raw> found() {
        return found;
    }

    /** Returns the oldest segment that has a message found. */
    long oldestSegment() {
        return oldestSegment;
    }

    /** Returns a message as readers may see it at this moment. */
    Message visible(Raw raw) throws FilesChangedException {
        return segments.visible(raw.message, raw.segment)
                .orElseThrow(FilesChangedException::new) // there is one message less now
                .in(channel)
                .at(raw.position);
    }

    /** Finds messages before an offset, newest first. Returns whether these are all. */
    boolean findBefore(long end) throws IOException {
        HistoryCursor cursor = begin();
        long offset = end;
        try {
            while (!isFull()) {
                Optional<OffsetRange> next = cursor.next();
                if (next.isEmpty()) {
                    break;
                }
                OffsetRange range = next.get();
                int to = lookup.find(range, offset);
                while (to > 0 && !isFull()) {
                    int from = Math.max(0, to - (limit - found.size()));
                    add(range, from, to, false);
                    to = from;
                }
                offset = Math.min(offset, range.first());
            }
            return !isFull();
        } catch (RangeLookup.LateException e) {
            return cutOff(e);
        } finally {
            lookup.keep(name(), cursor);
        }
    }

    /** Finds messages after an offset and before another one, oldest first. Returns whether these are all. */
    boolean findAfter(long offset, long before) throws IOException {
        ArrayDeque<OffsetRange> wanted = new ArrayDeque<>(); // oldest first
        HistoryCursor cursor = begin();
        try {
            Optional<OffsetRange> next;
            do {
                next = cursor.next();
                next.filter(it -> it.last() > offset && it.first() < before).ifPresent(wanted::addFirst);
            } while (next.isPresent() && next.get().first() > offset + 1);
        } finally {
            lookup.keep(name(), cursor);
        }
        try {
            long known = offset;
            for (OffsetRange range : wanted) {
                int end = lookup.find(range, before);
                for (int begin = lookup.find(range, known + 1); begin < end && !isFull(); ) {
                    int to = Math.min(end, begin + limit - found.size());
                    add(range, begin, to, true);
                    begin = to;
                }
                known = Math.max(known, range.last());
            }
            return !isFull();
        } catch (RangeLookup.LateException e) {
            return cutOff(e);
        }
    }

    /** Leaves it at the messages found, when there is no time to look for more. */
    private boolean cutOff(RangeLookup.LateException e) throws RangeLookup.LateException {
        if (found.isEmpty()) {
            throw e;
        }
        return false;
    }

    /**
     * Finds the message with an offset.
     *
     * @param epochs receives the epoch of each range gone through
     */
    Optional<Raw> findOne(long offset, Consumer<String> epochs) throws IOException {
        HistoryCursor cursor = begin();
        try {
            for (Optional<OffsetRange> next = cursor.next(); next.isPresent(); next = cursor.next()) {
                OffsetRange range = next.get();
                epochs.accept(range.epoch());
                if (range.first() <= offset) {
                    int number = lookup.find(range, offset);
                    if (number < range.count()) {
                        add(range, number, number + 1, true);
                    }
                    break;
                }
            }
        } finally {
            lookup.keep(name(), cursor);
        }
        return found.stream().filter(raw -> raw.offset() == offset).findFirst();
    }

    private HistoryCursor begin() throws IOException {
        found.clear();
        chars = 0;
        oldestSegment = Long.MAX_VALUE;
        segments.begin();
        return lookup.cursor(last.epoch(), name(), channel, 0);
    }

    /** Returns the name under which an index has the wanted messages, unless it has them under the channel's name. */
    private String name() {
        return annotations ? channel : SegmentIndex.withoutAnnotations(channel);
    }

    private boolean isFull() {
        return found.size() >= limit || chars > maxChars;
    }

    /** Adds messages of a range, as many as there is room for. */
    private void add(OffsetRange range, int from, int to, boolean forward) throws IOException {
        List<SegmentIndex.Place> places = lookup.places(range, from, to);
        try (SegmentReader reader = segments.read(range).orElse(null)) {
            if (reader == null) {
                return;
            }
            for (SegmentIndex.Place place : forward ? places : places.reversed()) {
                lookup.check();
                if (chars <= maxChars) {
                    add(reader, place, range);
                }
            }
        }
    }

    private void add(SegmentReader reader, SegmentIndex.Place place, OffsetRange range) throws IOException {
        Optional<JournalRecord> record = reader.record(place.position());
        if (record.isEmpty()) {
            indexes.reportDamage(range.segment(), place.position());
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
        if (!lookup.isActive(range.segment()) && indexedAgain.add(range.segment())) {
            throw lookup.renewed(range.segment());
        }
    }
}

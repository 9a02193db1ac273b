package io.seleucia.chat.broker.journal;

import io.seleucia.chat.message.Attributes.Deleted;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * The deleted messages whose content is still in the files, and which are in no {@link DeletionLists list} yet. No reader is
 * given it any more. There are as many as a segment has deletions, or a little more than {@link #MANY}. Any thread; does not
 * block.
 */
public final class Erasures {
    /** The number of messages from which on the active segment is sealed, so that they can be listed. */
    static final int MANY = 10_000;

    /** The number of messages from which on nothing is deleted until some are listed, which takes a working disk. */
    static final int MAX = 100_000;

    /** The number that clients may cause which don't moderate: the rest is for those that do. */
    static final int MAX_OF_CLIENTS = MAX / 4 * 3;

    /** The number that one client may cause, unless it moderates. */
    static final int MAX_OF_CLIENT = MAX / 8;

    private static final int BYTES = 150; // of a message

    private final ConcurrentHashMap<Erasure.Place, Waiting> all = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, Integer> byClient = new ConcurrentHashMap<>(); // numbers of messages
    private final NavigableSet<Long> skipped = new TreeSet<>(); // segments of which not all deletions were added
    private volatile LongConsumer charge = bytes -> {};

    Erasures() {}

    /** Returns an empty one, whose memory is charged in the same way until {@link #release}. */
    Erasures another() {
        Erasures other = new Erasures();
        other.charge = charge;
        return other;
    }

    /** A deletion, and since when it waits. Everything that needs memory has been done when it is created. */
    public final class Waiting {
        private static final long NOT_WRITTEN = 0;

        private final Deleted deletion;
        private final List<String> epochs; // in which the messages may have been published
        private final List<Erasure.Place> places;
        private final String client;
        private final long since; // by the nanosecond clock
        private volatile long segment = NOT_WRITTEN; // that has the deletion

        private Waiting(Message message, Erasure erasure) {
            this.deletion = new Deleted(message.sender(), message.time());
            this.epochs = erasure.epochs();
            this.client = new Sender(message.sender(), message.guest()).key();
            this.since = nanos(message.time());
            List<Erasure.Place> all = new ArrayList<>();
            for (String epoch : erasure.epochs()) {
                for (long offset : erasure.offsets()) {
                    all.add(new Erasure.Place(message.channel(), epoch, offset));
                }
            }
            this.places = all;
        }

        private void addAll() {
            for (Erasure.Place place : places) {
                if (all.putIfAbsent(place, this) == null) {
                    byClient.merge(client, 1, Integer::sum);
                    charge.accept(BYTES);
                }
            }
        }

        /** Hides the messages from all readers of the files: the deletion is written. Needs no memory. */
        public void written(long in) {
            segment = in;
        }

        /** Withdraws the deletion, which is not written. */
        public void failed() {
            for (Erasure.Place place : places) {
                remove(place, this);
            }
        }

        private boolean isWritten() {
            return segment != NOT_WRITTEN;
        }

        long segment() {
            return segment;
        }

        Deleted deletion() {
            return deletion;
        }

        List<String> epochs() {
            return epochs;
        }

        private boolean isBefore(long later) {
            return isWritten() && segment < later;
        }
    }

    /**
     * Returns the messages of a channel that are deleted but still in the files of a directory, which another process may have
     * open. Reads all segments outside the archive, for none with such a deletion moves there.
     */
    public static Erasures read(JournalDirectory directory, String channel) throws IOException {
        Erasures erasures = new Erasures();
        for (long segment : directory.segments()) {
            erasures.read(directory, segment, Optional.of(channel));
        }
        return erasures;
    }

    /** Adds the deletions of a segment: all, or those of a channel. */
    void read(JournalDirectory directory, long segment, Optional<String> channel) throws IOException {
        try (SegmentReader reader = directory.read(segment, SegmentReader.WHOLE).orElse(null)) {
            if (reader != null && reader.hasHead()) {
                reader.read(
                        SegmentFormat.HEAD, false, (position, record) -> read(record, segment, channel), damage -> {});
            }
        }
    }

    private void read(JournalRecord record, long segment, Optional<String> channel) {
        if (record instanceof JournalRecord.Published published
                && !published.erasure().isEmpty()
                && channel.map(published.message().channel()::equals).orElse(true)) {
            add(published, segment);
        } else if (record instanceof JournalRecord.ErasureDone done) {
            done(done.segment());
        }
    }

    /** Converts a time in milliseconds since 1970 to the nanosecond clock; at most the time now. */
    static long nanos(long time) {
        return System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(Math.max(0, System.currentTimeMillis() - time));
    }

    /** Charges the memory of all messages, those that are there and those that come. Called once, before others are added. */
    void charge(LongConsumer budget) {
        charge = budget;
        budget.accept((long) BYTES * all.size());
    }

    /** Releases what is charged. Called when nothing is added any more. */
    void release() {
        LongConsumer last = charge;
        charge = bytes -> {};
        last.accept(-(long) BYTES * all.size());
    }

    /** Adds what a deletion concerns that is about to be written. It has no effect before that. */
    Waiting prepare(Message deletion, Erasure erasure) {
        Waiting waiting = new Waiting(deletion, erasure);
        boolean added = false;
        try {
            waiting.addAll();
            added = true;
            return waiting;
        } finally {
            if (!added) {
                waiting.failed();
            }
        }
    }

    /** Adds the messages that a deletion in a segment concerns. */
    void add(JournalRecord.Published deletion, long segment) {
        prepare(deletion.message(), deletion.erasure()).written(segment);
    }

    /** Adds a deletion that a start reads, or only notes its segment if there are many. */
    void addOrSkip(JournalRecord.Published deletion, long segment) {
        if (all.size() >= MANY) {
            skipped.add(segment);
        } else {
            add(deletion, segment);
        }
    }

    /** Returns the segments that {@link #addOrSkip} has noted, and forgets them. */
    NavigableSet<Long> takeSkipped() {
        NavigableSet<Long> taken = new TreeSet<>(skipped);
        skipped.clear();
        return taken;
    }

    private boolean remove(Erasure.Place place, Waiting by) {
        if (!all.remove(place, by)) {
            return false;
        }
        byClient.computeIfPresent(by.client, (client, count) -> count > 1 ? count - 1 : null);
        charge.accept(-BYTES);
        return true;
    }

    /** Returns the deletion of a message, whose epoch is that in which it was published; empty if it is not to be erased. */
    Optional<Deleted> of(String channel, Position position) {
        if (all.isEmpty()) {
            return Optional.empty();
        }
        Waiting by = all.get(Erasure.Place.of(channel, position));
        return by == null || !by.isWritten() ? Optional.empty() : Optional.of(by.deletion);
    }

    /** Returns a message of a file as readers may see it. */
    public Message visible(Message message) {
        Optional<Deleted> deletion = of(message.channel(), message.position());
        return deletion.isPresent() && !message.isDeleted() ? message.deleted(deletion.get()) : message;
    }

    /** Returns whether a client may delete further messages now. */
    boolean hasRoom(Sender client, boolean moderates) {
        int waiting = all.size();
        return moderates
                ? waiting < MAX
                : waiting < MAX_OF_CLIENTS && byClient.getOrDefault(client.key(), 0) < MAX_OF_CLIENT;
    }

    /**
     * Returns whether the active segment should be sealed, so that its deletions can be listed: there are many, or one has
     * waited for some time.
     */
    boolean needSegmentAfter(long active, Duration waited) {
        boolean many = all.size() >= MANY;
        long now = System.nanoTime();
        return all.values().stream()
                .anyMatch(by -> by.segment >= active && (many || now - by.since >= waited.toNanos()));
    }

    /** Returns the oldest segment that has a deletion whose messages are not listed. */
    OptionalLong oldest() {
        return all.values().stream()
                .filter(Waiting::isWritten)
                .mapToLong(Waiting::segment)
                .min();
    }

    /** Returns the messages of deletions in segments before this one. */
    Map<Erasure.Place, Waiting> before(long segment) {
        Map<Erasure.Place, Waiting> earlier = new HashMap<>();
        all.forEach((place, by) -> {
            if (by.isBefore(segment)) {
                earlier.put(place, by);
            }
        });
        return earlier;
    }

    /** Removes the messages of deletions in segments before this one: they are listed, or no file has their content any more. */
    void done(long segment) {
        all.forEach((place, by) -> {
            if (by.isBefore(segment)) {
                remove(place, by);
            }
        });
        skipped.headSet(segment, false).clear();
    }
}

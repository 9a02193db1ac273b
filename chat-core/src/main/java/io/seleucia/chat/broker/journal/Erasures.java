package io.seleucia.chat.broker.journal;

import io.seleucia.chat.message.Attributes.Deleted;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;

/**
 * The deleted messages whose content is still in the files. No reader is given it any more. The {@link Archive} removes it from
 * many files at a time, so that many deletions cost little more than one. Any thread; does not block.
 */
public final class Erasures {
    /** The number of messages from which on the files are rewritten at once. */
    static final int MANY = 5_000;

    /** The number of messages from which on nothing is deleted until files have been rewritten. */
    static final int MAX = 50_000;

    private static final int BYTES = 130; // of a message

    /**
     * A message to be erased.
     *
     * @param segment the one that has the deletion
     * @param epochs those in which the message may have been published
     */
    record Pending(long segment, Deleted deletion, List<String> epochs) {}

    private final ConcurrentHashMap<Erasure.Place, Pending> pending = new ConcurrentHashMap<>();
    private final AtomicBoolean waiting = new AtomicBoolean();
    private volatile long since; // when the first of them was added, by the nanosecond clock
    private volatile LongConsumer charge = bytes -> {};

    Erasures() {}

    /**
     * Returns the messages of a channel that are deleted but still in the files of a directory, which another process may have
     * open. Reads all segments outside the archive, for none with such a deletion moves there.
     */
    public static Erasures read(JournalDirectory directory, String channel) throws IOException {
        Erasures erasures = new Erasures();
        for (long segment : directory.segments()) {
            try (SegmentReader reader =
                    directory.read(segment, SegmentReader.WHOLE).orElse(null)) {
                if (reader != null && reader.hasHead()) {
                    reader.read(
                            SegmentFormat.HEAD,
                            false,
                            (position, record) -> erasures.read(record, segment, channel),
                            damage -> {});
                }
            }
        }
        return erasures;
    }

    private void read(JournalRecord record, long segment, String channel) {
        if (record instanceof JournalRecord.Published published
                && !published.erasure().isEmpty()
                && published.message().channel().equals(channel)) {
            add(published, segment);
        } else if (record instanceof JournalRecord.ErasureDone done) {
            done(done.segment());
        }
    }

    /** Charges the memory of all messages, those that are there and those that come. Called once, before others are added. */
    void charge(LongConsumer budget) {
        charge = budget;
        budget.accept((long) BYTES * pending.size());
    }

    /** Releases what is charged. Called when nothing is added any more. */
    void release() {
        LongConsumer last = charge;
        charge = bytes -> {};
        last.accept(-(long) BYTES * pending.size());
    }

    /** Adds the messages that a deletion in a segment concerns. */
    void add(JournalRecord.Published deletion, long segment) {
        Message message = deletion.message();
        Deleted deleted = new Deleted(message.sender(), message.time());
        Pending by = new Pending(segment, deleted, deletion.erasure().epochs());
        for (String epoch : deletion.erasure().epochs()) {
            for (long offset : deletion.erasure().offsets()) {
                if (pending.putIfAbsent(new Erasure.Place(message.channel(), epoch, offset), by) == null) {
                    charge.accept(BYTES);
                }
            }
        }
        if (waiting.compareAndSet(false, true)) {
            since = System.nanoTime();
        }
    }

    /** Returns the deletion of a message, whose epoch is that in which it was published; empty if it is not to be erased. */
    Optional<Deleted> of(String channel, Position position) {
        return pending.isEmpty()
                ? Optional.empty()
                : Optional.ofNullable(pending.get(Erasure.Place.of(channel, position)))
                        .map(Pending::deletion);
    }

    /** Returns a message of a file as readers may see it. */
    public Message visible(Message message) {
        Optional<Deleted> deletion = of(message.channel(), message.position());
        return deletion.isPresent() && !message.isDeleted() ? message.deleted(deletion.get()) : message;
    }

    boolean isFull() {
        return pending.size() >= MAX;
    }

    /** Returns whether the files should be rewritten now. */
    boolean isDue(Duration interval) {
        return !pending.isEmpty() && (pending.size() >= MANY || System.nanoTime() - since >= interval.toNanos());
    }

    /** Returns the oldest segment that has a deletion which is not carried out. */
    OptionalLong oldest() {
        return pending.values().stream().mapToLong(Pending::segment).min();
    }

    /** Returns the messages of deletions in segments before this one. */
    Map<Erasure.Place, Pending> before(long segment) {
        Map<Erasure.Place, Pending> earlier = new HashMap<>();
        pending.forEach((place, by) -> {
            if (by.segment < segment) {
                earlier.put(place, by);
            }
        });
        return earlier;
    }

    /** Returns whether any segment from this one on has a deletion which is not carried out. */
    boolean hasFrom(long segment) {
        return pending.values().stream().anyMatch(by -> by.segment >= segment);
    }

    /** Removes the messages of deletions in segments before this one: no file has their content any more. */
    void done(long segment) {
        waiting.set(false);
        pending.forEach((place, by) -> {
            if (by.segment < segment && pending.remove(place, by)) {
                charge.accept(-BYTES);
            }
        });
        if (!pending.isEmpty() && waiting.compareAndSet(false, true)) {
            since = System.nanoTime();
        }
    }
}

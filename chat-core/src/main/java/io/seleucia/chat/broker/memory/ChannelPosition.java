package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.journal.JournalRecord.ChannelCheckpoint;
import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * How far a channel has come, where its journal has that, and when it was last used. Used with the channel's lock.
 */
final class ChannelPosition {
    private final String name;
    private Position last; // of the last message delivered
    private List<String> former = List.of(); // epochs that its epoch continues
    private long usedAt; // by the nanosecond clock
    private long segment; // of the journal: the newest that has the last position
    private long begun; // the first offset published in that segment

    /**
     * Creates the position of a channel in which nothing was published.
     *
     * @param name the channel's name
     */
    ChannelPosition(String name, String epoch) {
        this.name = name;
        this.last = new Position(epoch, 0);
    }

    Position last() {
        return last;
    }

    /** Returns the epochs in which the messages in memory may have been published. */
    List<String> epochs() {
        List<String> epochs = new ArrayList<>(former);
        epochs.add(last.epoch());
        return epochs;
    }

    /** Notes that messages up to this one are delivered. */
    void advance(Position to) {
        last = to;
    }

    /** Notes that the journal has a message in a segment. */
    void writtenIn(long newest, Position message) {
        if (segment != newest) {
            segment = newest;
            begun = message.offset();
        }
    }

    /** Notes that a segment has the last position, which a start has read there. */
    void readIn(long newest) {
        segment = newest;
    }

    /** Records that a segment has a checkpoint of the last position. */
    void checkpointedIn(long later) {
        if (segment < later) {
            segment = later;
            begun = last.next().offset();
        }
    }

    /** Returns the offset before which all messages were published before a segment of the journal began. */
    long endBefore(long later) {
        return segment < later ? Long.MAX_VALUE : begun;
    }

    /** Returns the checkpoint to write before segments up to this one go; empty if later segments have the position. */
    Optional<ChannelCheckpoint> checkpoint(long upTo, boolean unused) {
        if (last.offset() == 0 || segment > upTo) {
            return Optional.empty();
        }
        return Optional.of(checkpoint("", unused));
    }

    /** Returns a checkpoint, which links the epoch to one that it continues. */
    ChannelCheckpoint checkpoint(String continued, boolean unused) {
        return new ChannelCheckpoint(name, last, usedAt(unused), continued);
    }

    /** Begins an epoch that continues no other, before its first message. */
    void beginAnew(Position position) {
        last = position.at(0);
        former = List.of();
    }

    /** Continues in another epoch with the same offsets. Returns whether it is another one. */
    boolean renew(String epoch) {
        if (epoch.equals(last.epoch())) {
            return false;
        }
        former = List.copyOf(epochs());
        last = new Position(epoch, last.offset());
        return true;
    }

    void use() {
        usedAt = System.nanoTime();
    }

    /** Notes when the channel was used last, if it was not used later, in milliseconds since 1970. */
    void usedAt(long time) {
        usedAt = Math.max(usedAt, nanos(time));
    }

    /** Sets when the channel was used last, in milliseconds since 1970. */
    void setUsedAt(long time) {
        usedAt = nanos(time);
    }

    /** Returns when the channel was last used, by the nanosecond clock. */
    long usedAtNanos() {
        return usedAt;
    }

    /** Returns when the channel was last used, in milliseconds since 1970: now, unless it is unused. */
    long usedAt(boolean unused) {
        long unusedNanos = unused ? System.nanoTime() - usedAt : 0;
        return System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(unusedNanos);
    }

    /** Converts a time in milliseconds since 1970 to the nanosecond clock. */
    private static long nanos(long time) {
        return System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis() - time);
    }
}

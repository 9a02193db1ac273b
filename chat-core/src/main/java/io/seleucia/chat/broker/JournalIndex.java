package io.seleucia.chat.broker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/** Where the messages of each channel are in one segment of a journal. */
interface JournalIndex {
    /**
     * Messages of a channel that follow one another in one segment, in one epoch.
     *
     * @param channel its name
     * @param mark the segment's, by which it is known that it is still the same
     * @param former the epoch that this one goes on from, {@code ""} if it does not begin here
     * @param first the offset of the first
     * @param last the offset of the last
     * @param count how many there are; none where only the epoch is told
     * @param at where the index has their places
     */
    record Stretch(
            long segment,
            String channel,
            int mark,
            String epoch,
            String former,
            long first,
            long last,
            int count,
            long at) {}

    /** Where in its segment a message begins. */
    record Place(long offset, long position) {}

    /** What there is of a channel, in the order in which it was published. */
    List<Stretch> stretches(String channel) throws IOException;

    /**
     * Places in a stretch of this index.
     *
     * @param from the number of the first one wanted, counted from 0
     * @param count how many, not beyond the end
     */
    List<Place> places(Stretch stretch, int from, int count) throws IOException;

    /** Whether there may be messages of a sender. */
    boolean mayHold(String sender) throws IOException;

    /** The number of the first message in a stretch of this index whose offset is at least this one. */
    default int find(Stretch stretch, long offset) throws IOException {
        int low = 0;
        int high = stretch.count();
        if (offset - stretch.first() <= 0) {
            return 0;
        }
        if (stretch.last() - stretch.first() == high - 1) {
            return (int) Math.min(high, offset - stretch.first()); // there are no gaps
        }
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (places(stretch, middle, 1).getFirst().offset() < offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** What a name is sorted by. */
    static long hash(String name) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(digest).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}

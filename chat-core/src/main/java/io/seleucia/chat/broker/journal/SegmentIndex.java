package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/** The places of the messages of each channel in one segment of a journal. */
public interface SegmentIndex {
    /** Returns the name under which an index has the folds of a channel's messages. No channel has such a name. */
    static String folds(String channel) {
        return "\0fold " + channel;
    }

    /**
     * Returns the name under which an index has a channel's messages once more, without annotations, if there are annotations
     * among them. No channel has such a name.
     */
    static String withoutAnnotations(String channel) {
        return "\0plain " + channel;
    }

    /** The position in its segment where a message begins. */
    record Place(long offset, long position) {}

    /** Returns {@code count} places in a range of this index, from a number on that is counted from 0. */
    List<Place> places(OffsetRange range, int from, int count) throws IOException;

    /** Returns the number, from 0, of the first message in a range of this index whose offset is at least this one. */
    default int find(OffsetRange range, long offset) throws IOException {
        if (offset - range.first() <= 0) {
            return 0;
        }
        if (range.last() - range.first() == range.count() - 1) {
            return (int) Math.min(range.count(), offset - range.first()); // there are no gaps
        }
        return find(
                offset,
                range.count(),
                number -> places(range, number, 1).getFirst().offset());
    }

    /** A sorted list of numbers. */
    interface Sorted {
        long get(int index) throws IOException;
    }

    /** Returns the index of the first of {@code size} numbers that is at least the wanted one; {@code size} if none is. */
    static int find(long wanted, int size, Sorted numbers) throws IOException {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (numbers.get(middle) < wanted) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Returns the number by which a name is sorted. */
    static long hash(String name) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(digest).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}

package io.seleucia.chat.broker.memory;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How far clients have read one channel. Forgets the mark that moved longest ago if there are too many. Used within the
 * channel's lock.
 */
final class ChannelMarks {
    /** The maximum number of marks. */
    static final int MAX = 100_000;

    private static final int MARK_BYTES = 88; // a mark and its entry in a map, without the client's name

    /** A mark in an epoch, and the newest segment of the journal that has it. */
    private static final class Mark {
        private long offset;
        private long segment;
    }

    /** A mark as it is written to the journal. */
    record Kept(String client, long offset) {}

    private final MemoryBudget memory;
    private LinkedHashMap<String, Mark> byClient; // the one that moved longest ago first; null while there are none
    private long bytes;

    ChannelMarks(MemoryBudget memory) {
        this.memory = memory;
    }

    private Mark find(String client) {
        return byClient == null ? null : byClient.get(client);
    }

    /** Returns the offset up to which a client has read, 0 if it has no mark. */
    long of(String client) {
        Mark mark = find(client);
        return mark == null ? 0 : mark.offset;
    }

    /**
     * Moves a client's mark, unless it is there already or further. Returns whether it has moved.
     *
     * @param segment the segment of the journal that has the mark
     */
    boolean move(String client, long offset, long segment) {
        Mark mark = find(client);
        if (mark != null && mark.offset >= offset) {
            wrote(client, offset, segment);
            return false;
        }
        boolean fresh = mark == null;
        Mark moved = fresh ? new Mark() : mark;
        byClient = byClient == null ? new LinkedHashMap<>() : byClient;
        byClient.putLast(client, moved);
        moved.offset = offset;
        moved.segment = segment;
        if (fresh) {
            count(size(client));
        }
        if (byClient.size() > MAX) {
            removeOldest();
        }
        return true;
    }

    /** Notes that a segment has a client's mark, if it is still at that offset. */
    void wrote(String client, long offset, long segment) {
        Mark mark = find(client);
        if (mark != null && mark.offset == offset) {
            mark.segment = Math.max(mark.segment, segment);
        }
    }

    /** Returns marks that no segment after this one has. */
    List<Kept> upTo(long segment, int limit) {
        if (byClient == null) {
            return List.of();
        }
        List<Kept> some = new ArrayList<>();
        for (Map.Entry<String, Mark> entry : byClient.entrySet()) {
            if (entry.getValue().segment <= segment) {
                some.add(new Kept(entry.getKey(), entry.getValue().offset));
            }
            if (some.size() == limit) {
                break;
            }
        }
        return some;
    }

    /** Sets all marks to this offset that are beyond it. */
    void cap(long offset) {
        if (byClient != null) {
            byClient.values().forEach(mark -> mark.offset = Math.min(mark.offset, offset));
        }
    }

    /** Forgets the older half. */
    void halve() {
        for (int rest = isEmpty() ? 0 : byClient.size() / 2; !isEmpty() && byClient.size() > rest; ) {
            removeOldest();
        }
        byClient = isEmpty() ? null : byClient;
    }

    /** Forgets all. */
    void clear() {
        byClient = null;
        count(-bytes);
    }

    boolean isEmpty() {
        return byClient == null || byClient.isEmpty();
    }

    /** Returns the memory that the marks take. */
    long bytes() {
        return bytes;
    }

    private void removeOldest() {
        count(-size(byClient.pollFirstEntry().getKey()));
    }

    private void count(long more) {
        bytes += more;
        memory.charge(Part.CHANNELS, more);
    }

    private static long size(String client) {
        return MARK_BYTES + Sizes.ofText(client);
    }
}

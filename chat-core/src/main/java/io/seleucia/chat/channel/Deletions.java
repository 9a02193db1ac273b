package io.seleucia.chat.channel;

import io.seleucia.chat.message.Message;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The deletions that the broker has delivered in a channel, so that a copy of a deleted content is not handed out afterwards. It
 * knows the newest ones; before those, everything may have been deleted. Noted by one thread at a time, asked by any.
 */
final class Deletions {
    private static final int KEPT = 16;
    private static final long ALL = 0; // in place of an offset

    private final ReentrantLock lock; // its owner's; guards the next, and writing of count
    private long[] targets = {}; // until there is one
    private volatile long count;

    Deletions(ReentrantLock lock) {
        this.lock = lock;
    }

    /** Returns a mark of this moment, for {@link #concern}. */
    long mark() {
        return count;
    }

    /** Notes the deletion of the message at an offset. Called under the lock. */
    void note(long offset) {
        add(offset);
    }

    /** Notes that any message may have been deleted. Called under the lock. */
    void noteAll() {
        add(ALL);
    }

    private void add(long target) {
        if (targets.length == 0) {
            targets = new long[KEPT];
        }
        long next = count;
        targets[(int) (next % KEPT)] = target;
        count = next + 1; // only under the lock
    }

    /** Returns whether a message that was read at a mark, or later, may have been deleted since the mark. */
    boolean concern(Message message, long mark) {
        if (count == mark) {
            return false;
        }
        lock.lock();
        try {
            boolean concerned = count - mark > KEPT;
            for (long i = mark; i < count && !concerned; i++) {
                long target = targets[(int) (i % KEPT)];
                concerned = target == ALL || isContentOf(message, target);
            }
            return concerned;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether the content of a message goes when the message at an offset is deleted. */
    static boolean isContentOf(Message message, long offset) {
        return message.position().offset() == offset
                || message.attributes().isEdit()
                        && message.attributes().ref().orElseThrow().offset() == offset;
    }
}

package io.seleucia.chat.channel;

import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongPredicate;

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
        return concern(mark, target -> isContentOf(message, target));
    }

    /** Returns whether a message that was read at a mark, or later, or a reaction to it, may have been deleted since the mark. */
    boolean concern(FoldedMessage folded, long mark) {
        return concern(mark, target -> isContentOf(folded, target));
    }

    private boolean concern(long mark, LongPredicate isContent) {
        if (count == mark) {
            return false;
        }
        lock.lock();
        try {
            boolean concerned = count - mark > KEPT;
            for (long i = mark; i < count && !concerned; i++) {
                long target = targets[(int) (i % KEPT)];
                concerned = target == ALL || isContent.test(target);
            }
            return concerned;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns whether the content of a message may go when the message at an offset is deleted. If that is a reaction, others of
     * its client to the same message go too; all that is known of it is that it is behind that message.
     */
    static boolean isContentOf(Message message, long offset) {
        if (message.position().offset() == offset) {
            return true;
        }
        Reference reference = message.attributes().ref().orElse(null);
        if (reference == null) {
            return false;
        }
        return switch (reference.kind()) {
            case EDIT -> reference.offset() == offset;
            case REACTION -> reference.offset() < offset;
            case REPLY, DELETE -> false;
        };
    }

    private static boolean isContentOf(FoldedMessage folded, long offset) {
        return isContentOf(folded.message(), offset)
                || !folded.reactions().isEmpty() && folded.message().position().offset() < offset;
    }
}

package io.seleucia.chat.broker.journal;

import io.seleucia.chat.message.Message;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The deletions of channels and senders that are to be carried out. Any thread; does not block.
 *
 * <p>A fold could have been made of a message that is deleted. So while a deletion is being written, and until the memory has
 * forgotten its messages, no fold is accepted: each one in the files precedes the deletion, or has nothing of what it deletes.
 */
final class Deletions {
    private final Queue<PendingDeletion> all = new ConcurrentLinkedQueue<>();
    private final ReentrantReadWriteLock order =
            new ReentrantReadWriteLock(); // of deletions and folds in the writer's queue
    private final JournalWriter writer;
    private volatile Runnable wake = () -> {};

    Deletions(JournalWriter writer, Map<Long, JournalRecord.Deletion> found) {
        this.writer = writer;
        found.forEach((segment, deletion) -> all.add(PendingDeletion.found(deletion, segment, all::remove)));
    }

    /** Sets what is run when a deletion has been written. */
    void onWritten(Runnable what) {
        wake = what;
    }

    /** Queues a deletion for the writer. Empty if the writer does not accept it. */
    Optional<PendingDeletion> offer(JournalRecord.Deletion what) {
        PendingDeletion deletion = new PendingDeletion(what, () -> wake.run(), all::remove);
        order.writeLock().lock();
        boolean accepted = false;
        try {
            all.add(deletion);
            accepted = writer.offer(deletion);
        } finally {
            if (!accepted) {
                all.remove(deletion);
            }
            order.writeLock().unlock();
        }
        return accepted ? Optional.of(deletion) : Optional.empty();
    }

    /** Queues a fold for the writer. Returns false, and it must be offered again, if the writer or a deletion is in the way. */
    boolean offerFold(JournalEntry fold) {
        order.readLock().lock();
        try {
            for (PendingDeletion deletion : all) {
                if (!deletion.isForgotten()) {
                    return false;
                }
            }
            return writer.offer(fold);
        } finally {
            order.readLock().unlock();
        }
    }

    /** Returns whether a message is deleted, although it may still be in its segment. */
    boolean concern(Message message, long segment) {
        for (PendingDeletion deletion : all) {
            if (deletion.isAfter(segment) && deletion.deletion().concerns(message)) {
                return true;
            }
        }
        return false;
    }

    /** Returns what deletions leave of a fold, although it may still be whole in its segment. */
    Fold left(JournalRecord.Folded folded, long segment) {
        Fold left = folded.fold();
        for (PendingDeletion deletion : all) {
            if (deletion.isAfter(segment)) {
                left = deletion.deletion().left(folded.channel(), left);
            }
        }
        return left;
    }

    /** Returns the deletions to be carried out, oldest first. */
    List<PendingDeletion> toBeErased() {
        return all.stream()
                .filter(PendingDeletion::isToBeErased)
                .sorted(Comparator.comparingLong(PendingDeletion::segment))
                .toList();
    }

    /** Returns the deletions that are written, but whose messages the memory may still have. */
    List<PendingDeletion> unforgotten() {
        return all.stream()
                .filter(deletion -> deletion.isWritten() && !deletion.isForgotten())
                .toList();
    }

    /** Returns whether no file has anything that is deleted. */
    boolean areErased() {
        for (PendingDeletion deletion : all) {
            if (deletion.isToBeErased()) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether a segment begins with a deletion that is to be carried out. */
    boolean begin(long segment) {
        return all.stream().anyMatch(deletion -> deletion.isToBeErased() && deletion.segment() == segment);
    }

    /** Fails the calls that wait for deletions, which are still retried. */
    void failAll(Throwable why) {
        toBeErased().forEach(deletion -> deletion.done().completeExceptionally(why));
    }
}

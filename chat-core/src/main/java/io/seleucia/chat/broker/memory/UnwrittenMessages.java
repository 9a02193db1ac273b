package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.journal.Erasure;
import io.seleucia.chat.broker.journal.Erasures;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalEntry;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Message;
import java.io.IOException;
import java.lang.System.Logger;
import java.util.LinkedList;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The messages of a channel that have a position, but are not delivered yet because the journal has to write them first; the
 * oldest first. If one can't be written, its position and those behind it are free again. Used with the channel's lock, which
 * the journal's writer takes when a message fails.
 */
final class UnwrittenMessages {
    private static final Logger LOG = System.getLogger(UnwrittenMessages.class.getName());

    private final ChannelLock lock;
    private final ChannelMemory memory;
    private final IdempotencyKeys keys;
    private final ChannelHistory history;
    private final LinkedList<Unwritten> queue = new LinkedList<>(); // follow the last position

    UnwrittenMessages(ChannelLock lock, ChannelMemory memory, IdempotencyKeys keys, ChannelHistory history) {
        this.lock = lock;
        this.memory = memory;
        this.keys = keys;
        this.history = history;
    }

    int size() {
        return queue.size();
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    /**
     * Creates the entry of a message, which is to be offered.
     *
     * @param kept whether the journal gets its content; if not, the position only, unless the message deletes others
     */
    Unwritten entry(Message message, IdempotencyKeys.Key key, Erasure erasure, boolean kept) {
        return new Unwritten(message, key, erasure, kept || !erasure.isEmpty());
    }

    /**
     * Queues a message for the journal. Returns whether the journal accepts it; if not, the entry has failed.
     *
     * @param erasable whether what it deletes may be erased now
     */
    boolean offer(Unwritten entry, Journal journal, boolean erasable) {
        boolean taken = false;
        queue.addLast(entry); // first: an accepted message must have its position
        try {
            place(entry.message);
            entry.prepare(journal);
            taken = erasable && journal.offer(entry);
        } finally {
            if (taken) {
                memory.charge(Part.WAITING, entry.bytes());
            } else {
                queue.removeLast();
                unplace(entry.message);
                entry.withdraw();
            }
        }
        if (!taken) {
            String why = erasable
                    ? journal.refusal()
                    : "too many messages that were deleted wait to be removed from the disk; delete more of them later";
            entry.written.completeExceptionally(new IOException(why));
        }
        return taken;
    }

    private void place(Message message) {
        message.attributes().ref().ifPresent(ref -> history.folds().placed().add(message, history.find(ref.offset())));
    }

    private void unplace(Message message) {
        if (message.attributes().ref().isPresent()) {
            history.folds().placed().remove(message);
        }
    }

    /** Returns the oldest message if it is written, so that it can be delivered; else null. */
    Unwritten firstWritten() {
        return !queue.isEmpty() && queue.getFirst().written.isDone() ? queue.getFirst() : null;
    }

    /** Removes the oldest message, which is delivered. */
    void removeFirst() {
        Unwritten first = queue.removeFirst();
        unplace(first.message);
        memory.charge(Part.WAITING, -first.bytes());
    }

    /** Releases the memory of all messages, whose channel ends. */
    void release() {
        queue.forEach(entry -> memory.charge(Part.WAITING, -entry.bytes()));
    }

    /** A message on its way into the journal. */
    final class Unwritten implements JournalEntry {
        private final Message message;
        private final IdempotencyKeys.Key key; // null without a key
        private final Erasure erasure;
        private final boolean kept;
        private final CompletableFuture<Void> written = new CompletableFuture<>();
        private Erasures.Waiting erased; // null if it deletes nothing
        private long segment; // set before it is written
        private volatile boolean failed; // another message may have its position by now

        private Unwritten(Message message, IdempotencyKeys.Key key, Erasure erasure, boolean kept) {
            this.message = message;
            this.key = key;
            this.erasure = erasure;
            this.kept = kept;
        }

        /** Does what needs memory: once the deletion is written, hiding what it deletes must not fail. */
        private void prepare(Journal journal) {
            if (!erasure.isEmpty()) {
                erased = journal.prepare(message, erasure);
            }
        }

        private void withdraw() {
            if (erased != null) {
                erased.failed();
            }
        }

        Message message() {
            return message;
        }

        Erasure erasure() {
            return erasure;
        }

        /** Returns the segment of the journal that has the message, once it is written. */
        long segment() {
            return segment;
        }

        /** Completes when the message is written; fails if it can't be. */
        CompletableFuture<Void> written() {
            return written;
        }

        private JournalRecord toWrite() {
            return kept
                    ? new JournalRecord.Published(message, key == null ? "" : key.text(), erasure)
                    : new JournalRecord.Tombstone(message.channel(), message.position(), message.time());
        }

        @Override
        public Optional<JournalRecord> record() {
            return failed ? Optional.empty() : Optional.of(toWrite());
        }

        @Override
        public void written(long newest) {
            segment = newest;
            if (erased != null) {
                erased.written(newest); // before anyone is told
            }
            written.complete(null);
        }

        /**
         * Withdraws this message and all messages queued after it, if that has not been done yet, before telling their
         * publishers, for telling needs memory.
         */
        @Override
        public void failed(Throwable why) {
            lock.lock();
            try {
                while (!failed && !queue.isEmpty() && !queue.getLast().written.isDone()) {
                    Unwritten entry = queue.removeLast();
                    entry.failed = true;
                    unplace(entry.message);
                    memory.charge(Part.WAITING, -entry.bytes());
                    keys.remove(entry.key);
                    try {
                        entry.withdraw();
                        entry.written.completeExceptionally(why);
                    } catch (Throwable e) { // then its publisher gets a timeout
                        Loop.report(LOG, "telling a publisher of a failure", e);
                    }
                }
            } finally {
                lock.unlock();
            }
        }

        @Override
        public long bytes() {
            return MessageSize.of(message);
        }
    }
}

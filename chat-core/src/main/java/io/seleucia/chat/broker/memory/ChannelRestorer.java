package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.util.concurrent.CompletableFuture;

/**
 * Restores a channel from the records of a journal, which come in the order in which they were written. Used with the channel's
 * lock.
 *
 * @param name the channel's name
 * @param described whether the channel's description is restored, which counts as a use
 */
record ChannelRestorer(
        String name,
        ChannelRetention retention,
        boolean described,
        ChannelPosition position,
        ChannelHistory history,
        IdempotencyKeys keys,
        ChannelMarks marks) {
    private static final CompletableFuture<Void> WRITTEN = CompletableFuture.completedFuture(null);

    /** Restores a message, which is in a segment. */
    void restore(JournalRecord.Published published, long segment) {
        Message message = published.message();
        Position own = message.position();
        if (own.sameEpoch(position.last())) {
            own = position.last().at(own.offset());
        } else {
            beginAnew(own);
        }
        if (own.offset() <= position.last().offset()) {
            return; // the journal has it twice
        }
        position.advance(own);
        history.add(message.in(name).at(own), published.erasure().offsets());
        position.readIn(segment);
        if (!described) {
            position.setUsedAt(message.time());
        }
        IdempotencyKeys.Key key =
                IdempotencyKeys.Key.of(new Sender(message.sender(), message.guest()), published.key());
        if (key != null) {
            long until = position.usedAtNanos() + retention.now().keys().toNanos();
            keys.put(key, new IdempotencyKeys.Kept(own, WRITTEN, until));
        }
        history.trim();
        keys.removeExpired();
    }

    private void beginAnew(Position own) {
        position.beginAnew(own);
        marks.clear();
        keys.clear();
        history.clear();
    }

    /** Restores what the journal knows of a message that had left memory. */
    void restore(JournalRecord.Folded folded) {
        history.folds().recorded(folded.position().offset(), folded.fold());
    }

    /** Ends the restoring: all records have been read. */
    void end() {
        history.restored();
    }

    /** Restores the position of a deleted message. */
    void restore(JournalRecord.Tombstone tombstone, long segment) {
        if (!tombstone.position().sameEpoch(position.last())) {
            beginAnew(tombstone.position());
        }
        advance(tombstone.position().offset());
        position.readIn(segment);
        position.usedAt(tombstone.time());
    }

    /** Restores the channel's position. */
    void restore(JournalRecord.ChannelCheckpoint checkpoint, long segment) {
        renew(checkpoint.position().epoch());
        advance(checkpoint.position().offset());
        position.readIn(segment);
        position.usedAt(checkpoint.usedAt());
    }

    private void advance(long offset) {
        position.advance(position.last().at(Math.max(position.last().offset(), offset)));
    }

    /** Restores how far a client has read. The channel had that position, even if no other record has it any more. */
    void restore(JournalRecord.Read mark, long segment) {
        if (!mark.position().sameEpoch(position.last())) {
            beginAnew(mark.position());
        }
        if (mark.position().offset() > position.last().offset()) {
            advance(mark.position().offset());
            position.readIn(segment);
        }
        position.usedAt(mark.usedAt());
        marks.move(mark.client(), mark.position().offset(), segment);
    }

    /** Continues in another epoch with the same messages, offsets and keys. */
    void renew(String epoch) {
        if (position.renew(epoch)) {
            marks.cap(position.last().offset());
            history.renew(position.last());
            keys.renew(position.last());
        }
    }
}

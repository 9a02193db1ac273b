package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException.Reason;
import io.seleucia.chat.broker.journal.Erasure;
import io.seleucia.chat.broker.journal.Fold;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalHistory;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Checks a message that refers to an earlier one of its channel. Used with the channel's lock.
 *
 * @param channel the channel's name
 * @param searched whether the earlier message was looked up in the archive, because it is not in memory
 * @param archived that message, if it was found
 */
record ReferenceCheck(
        String channel,
        ChannelPosition position,
        ChannelHistory history,
        Optional<Journal> journal,
        boolean searched,
        Optional<JournalHistory.Stored> archived) {
    /**
     * The result.
     *
     * @param refused why the message can't refer to the earlier one, if so
     * @param older the fold of that one which the journal may not have yet, if that one is to be looked up in the archive
     * @param erasure what the message erases
     */
    record Result(Optional<Reason> refused, Optional<Fold> older, Erasure erasure) {
        private static Result refused(Reason reason) {
            return new Result(Optional.of(reason), Optional.empty(), Erasure.NONE);
        }
    }

    Result check(Sender sender, Draft draft) {
        Reference reference = draft.attributes().ref().orElseThrow();
        long offset = reference.offset();
        if (offset > position.last().offset()) {
            return Result.refused(Reason.UNKNOWN);
        }
        Optional<Message> target = target(offset);
        boolean deletes = reference.kind() == Reference.Kind.DELETE;
        boolean older = target.isEmpty() && isBeforeHistory(offset);
        if (older && deletes && !searched) {
            return new Result(Optional.of(Reason.TOO_OLD), Optional.of(leavingFold(offset)), Erasure.NONE);
        }
        Optional<Reason> refused = target.isPresent()
                ? history.folds().flaw(sender, draft, target.get())
                : older && deletes ? history.folds().flawOfRemaining(sender, draft) : Optional.of(Reason.TOO_OLD);
        return refused.map(Result::refused)
                .orElseGet(() -> new Result(refused, Optional.empty(), deletes ? erasure(offset) : Erasure.NONE));
    }

    private boolean isBeforeHistory(long offset) {
        return offset < history.first(position.last());
    }

    private Fold leavingFold(long offset) {
        return history.folds().leaving().getOrDefault(offset, Fold.NONE);
    }

    /** Returns the message to which a reference is, if it is in the history, or was looked up and is still as it was. */
    private Optional<Message> target(long offset) {
        return history.find(offset)
                .or(() -> archived.map(JournalHistory.Stored::message)
                        .filter(message -> isBeforeHistory(message.position().offset()) && !isErased(message)));
    }

    private boolean isErased(Message message) {
        return journal.isPresent() && journal.get().isErased(channel, message.position());
    }

    /** Returns what the deletion of a message erases: it and its edits. */
    private Erasure erasure(long target) {
        Fold fold = archived.map(JournalHistory.Stored::fold).orElse(Fold.NONE);
        List<String> epochs = new ArrayList<>(position.epochs());
        archived.ifPresent(stored -> epochs.addAll(stored.epochs()));
        return new Erasure(epochs.stream().distinct().toList(), history.folds().withEdits(target, fold));
    }
}

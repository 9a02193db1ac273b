package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException.Reason;
import io.seleucia.chat.broker.journal.Fold;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;

/**
 * The folds of a channel's messages: those of the messages in memory, which the messages behind them give at any time; and
 * those of messages that have left, until the journal has them. A message without a fold takes no memory here, nor does a
 * channel without references. Used with the channel's lock.
 */
final class Folds {
    private final MessageWindow history;
    private final boolean archived; // messages can be read when they have left memory
    private final FoldTable folds; // of the messages in memory
    private final FoldTable leaving; // of messages that have left; the journal does not have them yet
    private final FoldTable recorded; // of messages that have left; the journal has them, as a start has read
    private final RemainingEdits remaining;
    private final PlacedReferences placed;

    /**
     * Creates the folds of an empty history.
     *
     * @param archived whether messages can be read when they have left memory
     * @param size receives each change of the memory that all folds take, in bytes
     */
    Folds(MessageWindow history, boolean archived, LongConsumer size) {
        this.history = history;
        this.archived = archived;
        this.folds = new FoldTable(size, Fold::bytes);
        this.leaving = new FoldTable(size, Fold::bytesAlone);
        this.recorded = new FoldTable(size, Fold::bytesAlone);
        this.remaining = new RemainingEdits(size);
        this.placed = new PlacedReferences(size);
    }

    /** Returns the references that are not written yet. */
    PlacedReferences placed() {
        return placed;
    }

    /** Returns why a message can't refer to a target, if so, which is in the history or in the archive. */
    Optional<Reason> flaw(Sender sender, Draft draft, Message target) {
        Reference reference = draft.attributes().ref().orElseThrow();
        boolean reaction = isReaction(target) && reference.kind() == Kind.DELETE && draft.moderates();
        if (target.attributes().isAnnotation() && !reaction) {
            return Optional.of(Reason.ANNOTATION);
        }
        boolean left = reaction
                && history.numberOf(target.attributes().ref().orElseThrow().offset()) < 0;
        if (target.isDeleted() || placed.isDeleted(reference.offset()) || left) {
            return Optional.of(Reason.TOO_OLD);
        }
        if ((reference.kind() == Kind.EDIT || reference.kind() == Kind.DELETE)
                && !draft.moderates()
                && !isOf(sender, draft, target)) {
            return Optional.of(Reason.FORBIDDEN);
        }
        return excess(sender, draft, reference);
    }

    /** Returns why a message that has left memory, and the archive too, can't be deleted: unless edits of it remain. */
    Optional<Reason> flawOfRemaining(Sender sender, Draft draft) {
        long target = draft.attributes().ref().orElseThrow().offset();
        List<Long> edits = remaining.of(target);
        if (edits.isEmpty() || placed.isDeleted(target)) {
            return Optional.of(Reason.TOO_OLD);
        }
        boolean own = draft.moderates()
                || edits.stream().anyMatch(edit -> isOf(sender, draft, history.get(history.numberOf(edit))));
        return own ? Optional.empty() : Optional.of(Reason.FORBIDDEN);
    }

    private static boolean isReaction(Message message) {
        return message.attributes()
                .ref()
                .filter(ref -> ref.kind() == Kind.REACTION && !ref.remove())
                .isPresent();
    }

    private static boolean isOf(Sender sender, Draft draft, Message target) {
        return target.sender().equals(sender.name())
                && target.guest() == sender.guest()
                && target.attributes().author().equals(draft.attributes().author());
    }

    private Optional<Reason> excess(Sender sender, Draft draft, Reference reference) {
        long target = reference.offset();
        Fold fold = folds.get(target);
        return switch (reference.kind()) {
            case EDIT ->
                fold.edits().size() + placed.edits(target).size() >= FoldedMessage.MAX_EDITS
                        ? Optional.of(Reason.TOO_MANY)
                        : Optional.empty();
            case REACTION ->
                reference.remove() || fold.hasReaction(draft.content().asText(), sender.key())
                        ? Optional.empty()
                        : excess(fold, sender.key(), placed.reacting(target));
            case REPLY, DELETE -> Optional.empty();
        };
    }

    /** @param reacting the clients whose reactions are not in the fold yet */
    private static Optional<Reason> excess(Fold fold, String client, List<String> reacting) {
        if (fold.reactionCount() + reacting.size() >= FoldedMessage.MAX_REACTIONS) {
            return Optional.of(Reason.TOO_MANY);
        }
        int own = fold.reactionCount(client) + Collections.frequency(reacting, client);
        return own >= FoldedMessage.MAX_CLIENT_REACTIONS ? Optional.of(Reason.TOO_MANY_OF_CLIENT) : Optional.empty();
    }

    /**
     * Returns the offsets of what the deletion of a message removes: the message and all its edits, those that are placed too. A
     * reaction is removed with all others that keep it in force.
     */
    List<Long> withEdits(long target, Fold archive) {
        int number = history.numberOf(target);
        if (number >= 0 && isReaction(history.get(number))) {
            return inForce(history.get(number));
        }
        TreeSet<Long> offsets = new TreeSet<>(archive.edits());
        offsets.addAll(folds.get(target).edits());
        offsets.addAll(remaining.of(target));
        offsets.addAll(placed.edits(target));
        List<Long> all = new ArrayList<>(offsets.size() + 1);
        all.add(target);
        all.addAll(offsets);
        return all;
    }

    /** Returns a reaction, and the others of that client with that text to that message which have not been taken back. */
    private List<Long> inForce(Message reaction) {
        TreeSet<Long> offsets = new TreeSet<>();
        long target = reaction.attributes().ref().orElseThrow().offset();
        for (int i = history.find(target + 1); i < history.size(); i++) {
            Message message = history.get(i);
            Reference reference = message.attributes().ref().orElse(null);
            boolean same = reference != null
                    && reference.kind() == Kind.REACTION
                    && reference.offset() == target
                    && message.sender().equals(reaction.sender())
                    && message.guest() == reaction.guest()
                    && message.content().equals(reaction.content());
            if (same && reference.remove()) {
                offsets.clear();
            } else if (same) {
                offsets.add(message.position().offset());
            }
        }
        offsets.add(reaction.position().offset());
        return List.copyOf(offsets);
    }

    /**
     * Adds a message, which is about to come into the history, to the fold of the one to which it refers. Throws, without
     * effect, if memory has run out. That one may have left memory meanwhile, as when a journal is read with a smaller memory
     * than it was written with.
     */
    void add(Message message) {
        Reference reference = message.attributes().ref().orElse(null);
        if (reference == null || reference.kind() == Kind.DELETE) {
            return;
        }
        long target = reference.offset();
        int number = history.numberOf(target);
        if (number >= 0) {
            if (!history.get(number).isDeleted() || reference.kind() == Kind.REPLY) {
                folds.put(target, folds.get(target).with(message));
            }
            return;
        }
        if (reference.kind() == Kind.EDIT && !message.isDeleted()) {
            remaining.add(target, message.position().offset());
        }
        if (archived) {
            Fold before = leaving.has(target) ? leaving.get(target) : recorded.get(target);
            leaving.put(target, before.with(message));
            recorded.remove(target);
        }
    }

    /** Changes the folds for a message whose content is deleted, in memory or not. */
    void blank(long offset, Optional<Message> before) {
        folds.put(offset, folds.get(offset).blanked());
        leaving.put(offset, leaving.get(offset).blanked());
        recorded.put(offset, recorded.get(offset).blanked());
        remaining.remove(offset);
        Reference reference =
                before.flatMap(message -> message.attributes().ref()).orElse(null);
        if (reference != null && reference.kind() == Kind.REPLY) {
            Fold fold = folds.get(reference.offset());
            folds.put(reference.offset(), fold.withReplies(fold.replies() - 1));
        } else if (reference != null && isReaction(before.get())) {
            List<Long> others = inForce(before.get());
            if (others.size() == 1) { // the one that is deleted
                folds.put(reference.offset(), folds.get(reference.offset()).withoutReaction(before.get()));
            }
        }
    }

    /** Forgets the fold of a message that has left memory, or keeps it until the journal has it. */
    void leave(Message message) {
        remaining.leave(message);
        long offset = message.position().offset();
        Fold fold = folds.remove(offset);
        fold.edits().forEach(edit -> remaining.add(offset, edit));
        if (archived) {
            leaving.put(offset, fold);
        }
    }

    /** Computes all folds again from the messages in memory, of which some have been deleted. */
    void refold() {
        if (folds.isEmpty() && remaining.isEmpty()) {
            return;
        }
        folds.clear();
        remaining.clear();
        for (int i = 0; i < history.size(); i++) {
            Message message = history.get(i);
            Reference reference = message.attributes().ref().orElse(null);
            if (reference != null && history.numberOf(reference.offset()) >= 0) {
                add(message);
            } else if (message.attributes().isEdit() && !message.isDeleted()) {
                remaining.add(reference.offset(), message.position().offset());
            }
        }
    }

    /** Returns a message in memory as it is now. */
    FoldedMessage of(Message message) {
        return folds.get(message.position().offset()).of(message);
    }

    /** Returns the folds that the journal does not have yet, by the offsets of their messages. */
    Map<Long, Fold> leaving() {
        return leaving.all();
    }

    /** Forgets a fold that the journal has, unless it has changed. */
    void left(long offset, Fold written) {
        if (written.equals(leaving.get(offset))) {
            leaving.remove(offset);
        }
    }

    /**
     * Notes that the journal has the fold of a message, as a start reads. If the message has left memory, later messages
     * may still add to its fold. Else the fold follows from the messages in memory.
     */
    void recorded(long offset, Fold fold) {
        leaving.remove(offset);
        if (history.numberOf(offset) < 0) {
            recorded.put(offset, fold);
        }
    }

    /** Ends a start: from now on, none but messages in memory can be referred to. */
    void restored() {
        recorded.clear();
    }

    /** Removes what a deletion concerns of the folds of messages that have left. */
    void changeLeaving(UnaryOperator<Fold> left) {
        leaving.replaceAll(left);
        recorded.replaceAll(left);
    }

    /** Forgets all that have left. */
    void clearLeaving() {
        leaving.clear();
        recorded.clear();
        remaining.clear();
    }
}

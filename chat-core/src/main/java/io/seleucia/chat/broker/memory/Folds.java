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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
    private final Reactions reactions;
    private final boolean archived; // messages can be read when they have left memory
    private final FoldTable folds; // of the messages in memory
    private final FoldTable leaving; // of messages that have left; the journal does not have them yet
    private final FoldTable recorded; // of messages that have left; the journal has them, as a start has read
    private final RemainingEdits remaining;
    private final SpentReactions spent; // on the messages in memory
    private final PlacedReferences placed;

    /**
     * Creates the folds of an empty history.
     *
     * @param archived whether messages can be read when they have left memory
     * @param size receives each change of the memory that all folds take, in bytes
     */
    Folds(MessageWindow history, boolean archived, LongConsumer size) {
        this.history = history;
        this.reactions = new Reactions(history);
        this.archived = archived;
        this.folds = new FoldTable(size, Fold::bytes);
        this.leaving = new FoldTable(size, Fold::bytesAlone);
        this.recorded = new FoldTable(size, Fold::bytesAlone);
        this.remaining = new RemainingEdits(size);
        this.spent = new SpentReactions(size);
        this.placed = new PlacedReferences(size);
    }

    /** Returns the references that are not written yet. */
    PlacedReferences placed() {
        return placed;
    }

    /** Returns why a message can't refer to a target, if so, which is in the history or in the archive. */
    Optional<Reason> flaw(Sender sender, Draft draft, Message target) {
        Reference reference = draft.attributes().ref().orElseThrow();
        boolean reaction = Reactions.isReaction(target) && reference.kind() == Kind.DELETE && draft.moderates();
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
            case REACTION -> excess(fold, sender.key(), draft.content().asText(), reference);
            case REPLY, DELETE -> Optional.empty();
        };
    }

    private Optional<Reason> excess(Fold fold, String client, String text, Reference reference) {
        long target = reference.offset();
        int reacting = placed.reactions(target, client);
        int removing = placed.removals(target, client);
        boolean has = fold.hasReaction(text, client);
        if (reference.remove() && has && removing < FoldedMessage.MAX_CLIENT_REACTIONS) {
            return Optional.empty(); // what is in force can always be taken back
        }
        if (spent.of(target, client) + reacting + removing >= FoldedMessage.MAX_SPENT_REACTIONS) {
            return Optional.of(Reason.TOO_OFTEN);
        }
        if (reference.remove() || has) {
            return Optional.empty();
        }
        if (fold.reactionCount() + placed.reactions(target) >= FoldedMessage.MAX_REACTIONS) {
            return Optional.of(Reason.TOO_MANY);
        }
        return fold.reactionCount(client) + reacting >= FoldedMessage.MAX_CLIENT_REACTIONS
                ? Optional.of(Reason.TOO_MANY_OF_CLIENT)
                : Optional.empty();
    }

    /**
     * Returns the offsets of what the deletion of a message removes: the message and all its edits, those that are placed too. A
     * reaction is removed with all others that keep it in force; and a message that takes it back, with all up to that.
     */
    List<Long> withEdits(long target, Fold archive) {
        int number = history.numberOf(target);
        if (number >= 0 && Reactions.isReaction(history.get(number))) {
            return reactions.withRepetitions(history.get(number));
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
                addInMemory(message, reference);
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

    private void addInMemory(Message message, Reference reference) {
        long target = reference.offset();
        Fold before = folds.get(target);
        folds.put(target, before.with(message));
        if (reference.kind() == Kind.REACTION && !message.isDeleted()) {
            String client = Reactions.client(message);
            boolean had = before.hasReaction(message.content().asText(), client);
            int more = (had ? 1 : 0) + (reference.remove() ? 1 : 0);
            spent.set(target, client, spent.of(target, client) + more);
        }
    }

    /**
     * Takes a reaction away whose messages a deletion is about to blank, unless others keep it in force. Called once for each
     * deletion, before {@link #blank}. Can be repeated, if memory has run out.
     */
    void takeAway(Message deletion, List<Long> erased) {
        Message reaction = erased.stream()
                .map(history::numberOf)
                .filter(number -> number >= 0)
                .map(history::get)
                .filter(message -> Reactions.isReaction(message) && !message.isDeleted())
                .findFirst()
                .or(() ->
                        placed.deleted(deletion.attributes().ref().orElseThrow().offset()))
                .orElse(null);
        if (reaction == null) {
            return;
        }
        long target = reaction.attributes().ref().orElseThrow().offset();
        Set<Long> blank = new HashSet<>(erased);
        if (blank.containsAll(reactions.inForce(reaction))) {
            for (FoldTable table :
                    List.of(folds, leaving, recorded)) { // the message may have left since this was placed
                table.put(target, table.get(target).withoutReaction(reaction));
            }
        }
        long rest = reactions.like(reaction).stream()
                .filter(message -> !blank.contains(message.position().offset()))
                .count();
        if (history.numberOf(target) >= 0) {
            spent.set(
                    target,
                    Reactions.client(reaction),
                    (int) rest - folds.get(target).reactionCount(Reactions.client(reaction)));
        }
    }

    /** Changes the folds for a message whose content is deleted, in memory or not. */
    void blank(long offset, Optional<Message> before) {
        folds.put(offset, folds.get(offset).blanked());
        leaving.put(offset, leaving.get(offset).blanked());
        recorded.put(offset, recorded.get(offset).blanked());
        remaining.remove(offset);
        spent.remove(offset);
        Reference reference =
                before.flatMap(message -> message.attributes().ref()).orElse(null);
        if (reference != null && reference.kind() == Kind.REPLY) {
            Fold fold = folds.get(reference.offset());
            folds.put(reference.offset(), fold.withReplies(fold.replies() - 1));
        }
    }

    /**
     * Forgets the fold of a message that is about to leave memory, or keeps it until the journal has it. Can be repeated, if
     * memory has run out.
     */
    void leave(Message message) {
        long offset = message.position().offset();
        Fold fold = folds.get(offset);
        if (archived) {
            leaving.put(offset, fold);
        }
        fold.edits().forEach(edit -> remaining.add(offset, edit));
        folds.remove(offset); // from here on, nothing takes memory
        spent.remove(offset);
        remaining.leave(message);
    }

    /** Computes all folds again from the messages in memory, of which some have been deleted. */
    void refold() {
        if (folds.isEmpty() && remaining.isEmpty() && spent.isEmpty()) {
            return;
        }
        folds.clear();
        remaining.clear();
        spent.clear();
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

    /**
     * Returns messages that are missing in the history although older ones are there, so that they were deleted, as far as edits
     * of them remain and are not being deleted: each with these edits.
     */
    List<List<Long>> missing() {
        long first =
                history.isEmpty() ? Long.MAX_VALUE : history.first().position().offset();
        return remaining.messages().stream()
                .filter(message -> message > first && !placed.isDeleted(message))
                .map(message -> withEdits(message, Fold.NONE))
                .toList();
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

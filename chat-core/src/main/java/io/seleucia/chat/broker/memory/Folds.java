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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;

/**
 * The folds of a channel's messages: those of the messages in memory, which the messages behind them give at any time; and
 * those of messages that have left, until the journal has them. A message without a fold takes no memory here, nor does a
 * channel without references. Used with the channel's lock.
 */
final class Folds {
    private static final int PLACED_BYTES = 150;

    /** The references to a message that have their place, but are not written yet. */
    private static final class Placed {
        private final List<Long> edits = new ArrayList<>(0);
        private int reactions;
        private int deletions;
        private int count;
    }

    private final MessageWindow history;
    private final LongConsumer size; // of all folds: receives each change in bytes
    private final Table folds = new Table(); // of the messages in memory
    private final Table leaving = new Table(); // the journal does not have them yet
    private Map<Long, Placed> placed = Collections.emptyMap(); // by the message that they refer to

    /** Folds by the offsets of their messages. An empty table takes next to no memory. */
    private final class Table {
        private Map<Long, Fold> byOffset = Collections.emptyMap();

        private Fold get(long offset, Fold otherwise) {
            return byOffset.isEmpty() ? otherwise : byOffset.getOrDefault(offset, otherwise);
        }

        private void put(long offset, Fold fold) {
            if (fold.isEmpty()) {
                remove(offset);
                return;
            }
            if (byOffset.isEmpty()) {
                byOffset = new HashMap<>();
            }
            Fold before = byOffset.put(offset, fold);
            size.accept(fold.bytes() - (before == null ? 0 : before.bytes()));
        }

        private Fold remove(long offset) {
            Fold before = byOffset.isEmpty() ? null : byOffset.remove(offset);
            if (before != null) {
                size.accept(-before.bytes());
            }
            return before;
        }

        private void replaceAll(UnaryOperator<Fold> change) {
            for (Map.Entry<Long, Fold> fold : List.copyOf(byOffset.entrySet())) {
                put(fold.getKey(), change.apply(fold.getValue()));
            }
        }

        private void clear() {
            byOffset.values().forEach(fold -> size.accept(-fold.bytes()));
            byOffset = Collections.emptyMap();
        }
    }

    Folds(MessageWindow history, LongConsumer size) {
        this.history = history;
        this.size = size;
    }

    /** Returns why a message can't refer to a target, if so, which is in the history or in the archive. */
    Optional<Reason> flaw(Sender sender, Draft draft, Message target) {
        Reference reference = draft.attributes().ref().orElseThrow();
        Placed before = placed.get(reference.offset());
        if (target.attributes().isAnnotation()) {
            return Optional.of(Reason.ANNOTATION);
        }
        if (target.isDeleted() || before != null && before.deletions > 0) {
            return Optional.of(Reason.TOO_OLD);
        }
        if ((reference.kind() == Kind.EDIT || reference.kind() == Kind.DELETE)
                && !draft.moderates()
                && !isOf(sender, draft, target)) {
            return Optional.of(Reason.FORBIDDEN);
        }
        return isTooMuch(sender, draft, reference, before) ? Optional.of(Reason.TOO_MANY) : Optional.empty();
    }

    private static boolean isOf(Sender sender, Draft draft, Message target) {
        return target.sender().equals(sender.name())
                && target.guest() == sender.guest()
                && target.attributes().author().equals(draft.attributes().author());
    }

    private boolean isTooMuch(Sender sender, Draft draft, Reference reference, Placed before) {
        Fold fold = folds.get(reference.offset(), Fold.NONE);
        return switch (reference.kind()) {
            case EDIT -> fold.edits().size() + (before == null ? 0 : before.edits.size()) >= FoldedMessage.MAX_EDITS;
            case REACTION ->
                !reference.remove()
                        && fold.reactionCount() + (before == null ? 0 : before.reactions) >= FoldedMessage.MAX_REACTIONS
                        && !fold.hasReaction(draft.content().asText(), sender.key());
            case REPLY, DELETE -> false;
        };
    }

    /** Returns whether a deletion of a message has its place, but is not written yet. */
    boolean isBeingDeleted(long target) {
        return placed.containsKey(target) && placed.get(target).deletions > 0;
    }

    /** Returns the offsets of a message and of all its edits, those that are placed too. */
    List<Long> withEdits(long target, Fold archived) {
        List<Long> offsets = new ArrayList<>();
        offsets.add(target);
        offsets.addAll(folds.get(target, archived).edits());
        if (placed.containsKey(target)) {
            offsets.addAll(placed.get(target).edits);
        }
        return offsets;
    }

    /** Records that a message has its place, but is not written yet. */
    void place(Message message) {
        Optional<Reference> reference = message.attributes().ref();
        if (reference.isPresent()) {
            Placed to = placed.get(reference.get().offset());
            if (to == null) {
                to = new Placed();
                placed = placed.isEmpty() ? new HashMap<>() : placed;
                placed.put(reference.get().offset(), to);
                size.accept(PLACED_BYTES);
            }
            to.count++;
            switch (reference.get().kind()) {
                case EDIT -> to.edits.add(message.position().offset());
                case REACTION -> to.reactions += reference.get().remove() ? 0 : 1;
                case DELETE -> to.deletions++;
                case REPLY -> {}
            }
        }
    }

    /** Undoes {@link #place}: the message is written, or has failed. */
    void unplace(Message message) {
        Optional<Reference> reference = message.attributes().ref();
        Placed to = reference.isPresent() ? placed.get(reference.get().offset()) : null;
        if (to != null) {
            to.count--;
            switch (reference.get().kind()) {
                case EDIT -> to.edits.remove(message.position().offset());
                case REACTION -> to.reactions -= reference.get().remove() ? 0 : 1;
                case DELETE -> to.deletions--;
                case REPLY -> {}
            }
            if (to.count == 0) {
                placed.remove(reference.get().offset());
                size.accept(-PLACED_BYTES);
            }
        }
    }

    /**
     * Adds a message, which is about to come into the history, to the fold of the one to which it refers. Throws, without
     * effect, if memory has run out.
     *
     * @param late whether the target may have left memory, as when a journal is read with a smaller memory than it was written
     *     with. The journal may then lack the fold, and has none that is newer
     */
    void add(Message message, boolean late) {
        Optional<Reference> reference = message.attributes().ref();
        if (reference.isEmpty() || reference.get().kind() == Kind.DELETE) {
            return;
        }
        long target = reference.get().offset();
        int number = history.numberOf(target);
        if (number >= 0) {
            if (!history.get(number).isDeleted() || reference.get().kind() == Kind.REPLY) {
                folds.put(target, folds.get(target, Fold.NONE).with(message));
            }
        } else if (late) {
            leaving.put(target, leaving.get(target, Fold.NONE).with(message));
        }
    }

    /** Changes the folds for a message whose content is deleted, in memory or not. */
    void blank(long offset, Optional<Message> before) {
        folds.put(offset, folds.get(offset, Fold.NONE).blanked());
        leaving.put(offset, leaving.get(offset, Fold.NONE).blanked());
        Optional<Reference> reference =
                before.flatMap(message -> message.attributes().ref());
        if (reference.isPresent() && reference.get().kind() == Kind.REPLY) {
            Fold fold = folds.get(reference.get().offset(), Fold.NONE);
            folds.put(reference.get().offset(), fold.withReplies(fold.replies() - 1));
        }
    }

    /** Forgets the fold of a message that has left memory, or keeps it until the journal has it. */
    void leave(Message message, boolean archive) {
        Fold fold = folds.remove(message.position().offset());
        if (fold != null && archive) {
            leaving.put(message.position().offset(), fold);
        }
    }

    /** Computes all folds again from the messages in memory, of which some have been deleted. */
    void refold() {
        if (!folds.byOffset.isEmpty()) {
            folds.clear();
            for (int i = 0; i < history.size(); i++) {
                add(history.get(i), false);
            }
        }
    }

    /** Returns a message in memory as it is now. */
    FoldedMessage of(Message message) {
        return folds.get(message.position().offset(), Fold.NONE).of(message);
    }

    /** Returns the folds that the journal does not have yet, by the offsets of their messages. */
    Map<Long, Fold> leaving() {
        return leaving.byOffset;
    }

    /** Forgets a fold that the journal has. */
    void left(long offset) {
        leaving.remove(offset);
    }

    /** Forgets a fold that the journal has, unless it has changed. */
    void left(long offset, Fold written) {
        if (written.equals(leaving.get(offset, Fold.NONE))) {
            leaving.remove(offset);
        }
    }

    /** Removes what a deletion concerns of the folds that the journal does not have yet. */
    void changeLeaving(UnaryOperator<Fold> left) {
        leaving.replaceAll(left);
    }

    /** Forgets all that have left. */
    void clearLeaving() {
        leaving.clear();
    }
}

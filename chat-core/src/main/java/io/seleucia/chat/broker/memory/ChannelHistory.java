package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.journal.Fold;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Attributes.Deleted;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The messages of a channel that are in memory, bounded by number and age, and what others have made of them. Used with the
 * channel's lock.
 */
final class ChannelHistory {
    private final ChannelRetention retention;
    private final ChannelMemory memory;
    private final MessageWindow window = new MessageWindow();
    private Folds folds; // null until a message refers to another
    private long bytes; // of the messages and the folds

    ChannelHistory(ChannelRetention retention, ChannelMemory memory) {
        this.retention = retention;
        this.memory = memory;
    }

    /** Returns what others have made of the messages, to be changed. */
    Folds folds() {
        if (folds == null) {
            folds = new Folds(window, retention.isArchived(), this::count);
        }
        return folds;
    }

    /** Returns the folds of messages that have left memory, which the journal does not have yet, by their offsets. */
    Map<Long, Fold> leaving() {
        return folds == null ? Map.of() : folds.leaving();
    }

    private FoldedMessage folded(Message message) {
        return folds == null ? new FoldedMessage(message) : folds.of(message);
    }

    /** Ends a start: from now on, none but messages in memory can be referred to. */
    void restored() {
        if (folds != null) {
            folds.restored();
        }
    }

    boolean isEmpty() {
        return window.isEmpty();
    }

    /** Returns the memory that the messages and folds take. */
    long bytes() {
        return bytes;
    }

    /** Returns the offset of the oldest message, or of the next message after the channel's last one if there is none. */
    long first(Position last) {
        return (window.isEmpty() ? last.next() : window.first().position()).offset();
    }

    /**
     * Returns the offset before which messages may be in the archive: {@link #first}. Of a channel that keeps none now, nothing
     * in the archive can be read.
     */
    private long archivedBefore(Position last) {
        return retention.isNone() ? 1 : first(last);
    }

    /** Returns the time of the newest message, 0 if there is none. */
    long newestTime() {
        return window.isEmpty() ? 0 : window.get(window.size() - 1).time();
    }

    /** Returns the message with an offset, if it is in memory. */
    Optional<Message> find(long offset) {
        int number = window.numberOf(offset);
        return number < 0 ? Optional.empty() : Optional.of(window.get(number));
    }

    /**
     * Adds a message. Throws if memory has run out, and can then be called again.
     *
     * @param erased the messages that it deletes
     */
    void add(Message message, List<Long> erased) {
        if (!isNewest(message)) { // else memory ran out when older ones were to leave
            window.grow();
            if (message.attributes().ref().isPresent()) {
                blank(erased, message);
                folds().add(message);
            }
            window.add(message);
            count(MessageSize.of(message));
        }
        removeTooMany();
    }

    private boolean isNewest(Message message) {
        return !window.isEmpty()
                && window.get(window.size() - 1).position().offset()
                        == message.position().offset();
    }

    private void removeTooMany() {
        int most = retention.now().messages();
        while (window.size() > most) {
            removeOldest();
        }
    }

    private void blank(List<Long> erased, Message by) {
        if (!erased.isEmpty()) {
            Deleted deletion = new Deleted(by.sender(), by.time());
            folds().takeAway(by, erased);
            erased.forEach(offset -> blank(offset, deletion));
        }
    }

    /** Removes the content of a message, if it is in memory, and what others have made of it. */
    private void blank(long offset, Deleted deletion) {
        int number = window.numberOf(offset);
        Optional<Message> message =
                number < 0 ? Optional.empty() : Optional.of(window.get(number)).filter(it -> !it.isDeleted());
        Optional<Message> blanked = message.map(it -> it.deleted(deletion));
        folds().blank(offset, message);
        if (blanked.isPresent()) { // last: if memory runs out before, all of it can be repeated
            window.set(number, blanked.get());
            count(MessageSize.of(blanked.get()) - MessageSize.of(message.get()));
        }
    }

    /** Removes messages that are too old or too many. */
    void trim() {
        long oldest = System.currentTimeMillis() - retention.now().age().toMillis();
        while (!window.isEmpty() && window.first().time() < oldest) {
            removeOldest();
        }
        removeTooMany();
    }

    /** Removes the older half of the messages. */
    void halve() {
        for (int rest = window.size() / 2; window.size() > rest; ) {
            removeOldest();
        }
    }

    private void removeOldest() {
        Message oldest = window.first();
        if (folds != null) {
            folds.leave(oldest); // first: if memory runs out, nothing has changed
        }
        window.removeFirst();
        count(-MessageSize.of(oldest));
    }

    /** Removes all messages, before the channel begins anew. */
    void clear() {
        while (!window.isEmpty()) {
            removeOldest();
        }
        clearLeaving();
    }

    private void clearLeaving() {
        if (folds != null) {
            folds.clearLeaving();
        }
    }

    /** Releases the memory of everything, when the channel ends. */
    void release() {
        clearLeaving();
        count(-bytes);
    }

    /**
     * Deletes messages. Of messages that were deleted before, while the deletions of their edits could not be written, these
     * edits are left.
     *
     * @param fold removes what the deletion concerns from the fold of a message that has left
     * @return the offset of each message that was no annotation, and of each that is missing among the others, with those of its
     *     edits
     */
    List<List<Long>> delete(Predicate<Message> what, UnaryOperator<Fold> fold) {
        List<List<Long>> deleted = new ArrayList<>();
        window.removeIf(message -> {
            boolean concerned = what.test(message);
            if (concerned) {
                count(-MessageSize.of(message));
                if (!message.attributes().isAnnotation() && !message.isDeleted()) {
                    long offset = message.position().offset();
                    deleted.add(folds == null ? List.of(offset) : folds.withEdits(offset, Fold.NONE));
                }
            }
            return concerned;
        });
        if (folds != null) {
            folds.refold();
            folds.changeLeaving(fold);
            Set<Long> known = new HashSet<>();
            deleted.forEach(offsets -> known.add(offsets.getFirst()));
            folds.missing().stream()
                    .filter(offsets -> !known.contains(offsets.getFirst()))
                    .forEach(deleted::add);
        }
        return deleted;
    }

    /** Gives all messages the epoch of a position. */
    void renew(Position last) {
        for (int i = 0; i < window.size(); i++) {
            Message message = window.get(i);
            window.set(i, message.at(last.at(message.position().offset())));
        }
    }

    /** A page of the messages in memory, and the offset before which there may be messages in the archive. */
    record Held(Broker.Page page, long first) {}

    Held page(Position last, boolean forward, Predicate<Message> wanted, int limit) {
        List<Message> page = new ArrayList<>();
        int size = window.size();
        for (int i = 0; page.size() < limit && i < size; i++) {
            Message message = window.get(forward ? i : size - 1 - i);
            if (wanted.test(message)) {
                page.add(message);
            }
        }
        return new Held(new Broker.Page(last, forward ? page : page.reversed()), archivedBefore(last));
    }

    /**
     * A page of the messages in memory as they are now, the offset before which there may be messages in the archive, and the
     * folds of older messages that the journal does not have yet.
     */
    record HeldFolded(Broker.FoldedPage page, long first, Map<Long, Fold> leaving) {}

    HeldFolded folded(Position last, boolean forward, long offset, int limit) {
        List<FoldedMessage> page = new ArrayList<>();
        int from = window.find(forward && offset < Long.MAX_VALUE ? offset + 1 : offset);
        int step = forward ? 1 : -1;
        for (int i = forward ? from : from - 1; page.size() < limit && i >= 0 && i < window.size(); i += step) {
            Message message = window.get(i);
            if (!message.attributes().isAnnotation()) {
                page.add(folded(message));
            }
        }
        return new HeldFolded(
                new Broker.FoldedPage(last, forward ? page : page.reversed()),
                archivedBefore(last),
                Map.copyOf(leaving()));
    }

    /**
     * Returns messages that were in memory a moment ago as readers may see them now.
     *
     * @param visible returns a message that has left memory as readers may see it
     */
    List<Message> current(List<Message> page, Position last, UnaryOperator<Message> visible) {
        return page.stream()
                .map(message -> find(message, last).orElseGet(() -> visible.apply(message)))
                .toList();
    }

    /** Returns what {@link #current} does, of messages with their folds. */
    List<FoldedMessage> currentFolded(List<FoldedMessage> page, Position last, UnaryOperator<Message> visible) {
        return page.stream().map(folded -> currentFolded(folded, last, visible)).toList();
    }

    private FoldedMessage currentFolded(FoldedMessage folded, Position last, UnaryOperator<Message> visible) {
        Optional<Message> here = find(folded.message(), last);
        if (here.isPresent()) {
            return folded(here.get());
        }
        Message shown = visible.apply(folded.message());
        return shown.isDeleted() ? Fold.NONE.withReplies(folded.replies()).of(shown) : folded;
    }

    private Optional<Message> find(Message message, Position last) {
        return message.position().sameEpoch(last) ? find(message.position().offset()) : Optional.empty();
    }

    /**
     * The messages that a client has not read, as far as they are in memory.
     *
     * @param mark the offset up to which it has read
     * @param count the number of messages after it, at most one more than are counted
     * @param first the offset before which there may be messages in the archive
     */
    record Unread(long mark, int count, Position last, long first) {}

    /** @param end the offset of the last message that counts */
    Unread unread(Position last, Sender client, long mark, long end) {
        int count = 0;
        for (int i = window.find(mark + 1); count <= ReadMark.MAX_UNREAD && i < window.size(); i++) {
            Message message = window.get(i);
            if (message.position().offset() > end) {
                break;
            }
            count += ReadMark.counts(message, client) ? 1 : 0;
        }
        return new Unread(mark, count, last, archivedBefore(last));
    }

    private void count(long more) {
        bytes += more;
        memory.charge(Part.HISTORIES, more);
    }
}

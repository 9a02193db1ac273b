package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.PageMemory;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Finds the other halves of direct messages, in the inbox of the partner, however much follows them there. The sender's half
 * knows where the recipient's is. The recipient's half does not know where the sender's is: as both were stored at about the
 * same time, it is looked for from that time on. Runs in the inbound loop, and blocks as the broker does.
 */
final class OtherHalves {
    private static final int MAX_LOOKED_AT = 1_000; // messages, from the page before the time on
    private static final int PAGE = 100;

    private final Broker broker;
    private final Allowance allowance;
    private final MemoryBudget memory;

    OtherHalves(Broker broker, Allowance allowance, MemoryBudget memory) {
        this.broker = broker;
        this.allowance = allowance;
        this.memory = memory;
    }

    /** Returns the half of the partner; empty if it is gone, or there never was one. Waits for the turn of reading. */
    Optional<Message> of(Message own, String inbox) throws UnavailableException {
        Pair pair = Pair.of(own.attributes().pair());
        if (pair.id().isEmpty()) {
            return Optional.empty();
        }
        Predicate<Message> wanted = message -> isHalf(message, pair);
        return allowance.reading(() -> {
            requireMemory();
            return pair.other() > 0 ? at(inbox, pair.other()).filter(wanted) : near(inbox, own.time(), wanted);
        });
    }

    private static boolean isHalf(Message message, Pair pair) {
        return Pair.of(message.attributes().pair()).isSame(pair);
    }

    /**
     * Returns the message that has deleted another one in an inbox. Waits for the turn of reading.
     *
     * @param deleted what it has deleted: the message at the offset, or an edit of it
     */
    Optional<Message> deletionOf(Message deleted, long offset, String inbox) throws UnavailableException {
        long time = deleted.attributes().deleted().orElseThrow().time();
        return allowance.reading(() -> {
            requireMemory();
            return near(inbox, time, message -> isDeletionOf(message.attributes(), offset));
        });
    }

    private static boolean isDeletionOf(Attributes attributes, long offset) {
        return attributes.isDeletion() && attributes.ref().orElseThrow().offset() == offset;
    }

    /**
     * Returns an edit of a message that has left an inbox itself: one that is not deleted, if there is one. Waits for the turn
     * of reading. Looks at the oldest messages of the inbox.
     */
    Optional<Message> editOf(long offset, String inbox) throws UnavailableException {
        return allowance.reading(() -> {
            requireMemory();
            List<Message> deleted = new ArrayList<>();
            long after = offset;
            for (int looked = 0; looked < MAX_LOOKED_AT; looked += PAGE) {
                List<Message> page = broker.historyAfter(inbox, after, PAGE).messages();
                Optional<Message> edit = inPage(page, message -> isEditOf(message, offset) && !message.isDeleted());
                if (edit.isPresent() || page.isEmpty()) {
                    return edit.or(() -> deleted.stream().findFirst());
                }
                inPage(page, message -> isEditOf(message, offset)).ifPresent(deleted::add);
                after = page.getLast().position().offset();
            }
            return deleted.stream().findFirst();
        });
    }

    private static boolean isEditOf(Message message, long offset) {
        return message.attributes().isEdit()
                && message.attributes().ref().orElseThrow().offset() == offset;
    }

    private void requireMemory() throws UnavailableException {
        if (!memory.hasRoom()) {
            throw new UnavailableException("memory is short", null);
        }
    }

    /** Returns the message at an offset, if it is in the history. Called when it is the turn of reading. */
    Optional<Message> at(String inbox, long offset) throws UnavailableException {
        return broker.historyAfter(inbox, offset - 1, 1).messages().stream()
                .filter(message -> message.position().offset() == offset)
                .findFirst();
    }

    /** Returns a message that was stored at about a time: one of the newest, or one from that time on. */
    private Optional<Message> near(String inbox, long time, Predicate<Message> wanted) throws UnavailableException {
        List<Message> newest = broker.historyBefore(inbox, Long.MAX_VALUE, PAGE).messages();
        Optional<Message> found = inPage(newest, wanted);
        if (found.isPresent() || newest.isEmpty()) {
            return found;
        }
        long after = lastBefore(inbox, time, newest.getFirst().position().offset()) - PAGE; // two clocks may differ
        for (int looked = 0; found.isEmpty() && looked < MAX_LOOKED_AT; looked += PAGE) {
            List<Message> page = broker.historyAfter(inbox, after, PAGE).messages();
            found = inPage(page, wanted);
            if (page.isEmpty()) {
                return found;
            }
            after = page.getLast().position().offset();
        }
        return found;
    }

    /** Returns the offset of the last message that is older than a time, before an offset; by halving. */
    private long lastBefore(String inbox, long time, long end) throws UnavailableException {
        long low = 0;
        long high = end;
        while (low < high) {
            long middle = low + (high - low) / 2;
            List<Message> next = broker.historyAfter(inbox, middle, 1).messages();
            long offset = next.isEmpty() ? high : next.getFirst().position().offset();
            if (offset >= high || next.getFirst().time() >= time) {
                high = middle;
            } else {
                low = offset;
            }
        }
        return low;
    }

    private Optional<Message> inPage(List<Message> page, Predicate<Message> wanted) {
        PageMemory held = new PageMemory(memory, page);
        try {
            return page.reversed().stream().filter(wanted).findFirst();
        } finally {
            held.close();
        }
    }
}

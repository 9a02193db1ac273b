package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.PageMemory;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.FoldedMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * A look through a history, page by page, for certain messages. It ends when enough is found, and at the bounds of one request,
 * in messages and in time. Used by the inbound loop.
 */
final class HistoryScan {
    private static final int PAGE = 100;
    private static final int MAX_LOOKED_AT = 5_000; // messages, for one request

    /** Reads a page of a history. */
    interface Pages {
        Broker.FoldedPage after(long offset, int limit) throws UnavailableException;
    }

    private final Pages pages;
    private final boolean forward;
    private final int limit;
    private final Allowance allowance;
    private final MemoryBudget memory;
    private final List<FoldedMessage> found = new ArrayList<>(); // in the order in which they are read
    private Broker.FoldedPage newest; // the page that was read last
    private long foundChars;
    private int looked;
    private long last; // the offset of the message that was looked at last
    private boolean ended; // there are no more messages

    /**
     * @param pages reads the messages behind an offset, in the direction of the scan; oldest first in either
     * @param forward whether it goes from older to newer messages
     * @param limit the most messages to find
     */
    HistoryScan(Pages pages, boolean forward, int limit, Allowance allowance, MemoryBudget memory) {
        this.pages = pages;
        this.forward = forward;
        this.limit = limit;
        this.allowance = allowance;
        this.memory = memory;
    }

    /**
     * Looks until enough is found, or there is nothing more, or the bounds are reached; at a page at least.
     *
     * @param deadline as {@link System#nanoTime}
     */
    void run(long from, long deadline, Predicate<FoldedMessage> wanted) throws UnavailableException {
        last = from;
        boolean more = true;
        while (more) {
            newest = pages.after(last, PAGE);
            List<FoldedMessage> page = newest.messages();
            ended = page.isEmpty();
            try (PageMemory held = PageMemory.ofFolded(memory, page)) {
                more = !ended
                        && allowance.inTurn(
                                held.characters(), () -> look(forward ? page : page.reversed(), deadline, wanted))
                        && System.nanoTime() - deadline < 0;
            }
        }
    }

    /** Looks at a page; returns whether it was all of it. */
    private boolean look(List<FoldedMessage> page, long deadline, Predicate<FoldedMessage> wanted) {
        for (FoldedMessage message : page) {
            boolean late = looked > PAGE && System.nanoTime() - deadline > 0;
            if (isFull() || looked >= MAX_LOOKED_AT || late) {
                return false;
            }
            if (wanted.test(message)) {
                int characters = characters(message);
                if (!found.isEmpty() && foundChars + characters > PageMemory.MAX_CHARS) {
                    foundChars = PageMemory.MAX_CHARS; // full: this one is for the next request
                    return false;
                }
                found.add(message);
                foundChars += characters;
            }
            looked++;
            last = message.message().position().offset();
        }
        return true;
    }

    static int characters(FoldedMessage message) {
        return PageMemory.MESSAGE_CHARS + message.length();
    }

    /** Returns what was found, in the order in which it was read. */
    List<FoldedMessage> found() {
        return found;
    }

    /** Returns the page that was read last. */
    Broker.FoldedPage newest() {
        return newest;
    }

    /** Returns whether as much is found as the reply can have. */
    boolean isFull() {
        return found.size() >= limit || foundChars >= PageMemory.MAX_CHARS;
    }

    /** Returns the offset from which to look on; empty if there is nothing more. */
    OptionalLong next() {
        return ended || !forward && last == 1 ? OptionalLong.empty() : OptionalLong.of(last);
    }
}

package io.seleucia.chat.channel;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;

/**
 * The memory of a stretch of history while sessions are sent it: charged once, however many share it, until each has closed
 * it. Any thread; does not block.
 */
public final class PageMemory implements AutoCloseable {
    /** The most characters of a stretch, with an overhead for each message. Longer ones are cut. */
    public static final int MAX_CHARS = 128 * 1024;

    /** The characters of a message besides its texts. */
    public static final int MESSAGE_CHARS = 64;

    private static final int MESSAGE_BYTES = 150;

    private final MemoryBudget budget;
    private final long bytes;
    private final AtomicInteger holders = new AtomicInteger(1);

    /** Charges for messages: two bytes for each character, without looking at the texts, because most pages are short-lived. */
    public PageMemory(MemoryBudget budget, List<Message> messages) {
        this(budget, messages.stream().mapToLong(PageMemory::mostBytes).sum());
    }

    private PageMemory(MemoryBudget budget, long bytes) {
        this.budget = budget;
        this.bytes = bytes;
        budget.charge(Part.PAGES, bytes);
    }

    /** Charges for messages as they are now. */
    public static PageMemory ofFolded(MemoryBudget budget, List<FoldedMessage> messages) {
        return new PageMemory(
                budget,
                messages.stream()
                        .mapToLong(message -> MESSAGE_BYTES + 2L * message.length())
                        .sum());
    }

    /** Charges for the channels of a directory. */
    public static PageMemory ofEntries(MemoryBudget budget, List<ChannelEntry> entries) {
        return new PageMemory(
                budget,
                entries.stream()
                        .mapToLong(entry -> MESSAGE_BYTES + 2L * entry.length())
                        .sum());
    }

    /** Returns how many of the messages, from the first on, are a stretch that is not too long; at least one. */
    public static int fitting(List<Message> messages) {
        return fitting(messages, message -> MESSAGE_CHARS + length(message));
    }

    /** Returns about how many characters the texts of a message have. */
    public static int length(Message message) {
        return message.content().asText().length() + message.attributes().length();
    }

    /** Returns how many of the items, from the first on, are not too long together; at least one, if there is one. */
    public static <T> int fitting(List<T> items, ToIntFunction<T> chars) {
        int count = 0;
        for (int sum = 0; count < items.size(); count++) {
            sum += chars.applyAsInt(items.get(count));
            if (sum > MAX_CHARS && count > 0) {
                break;
            }
        }
        return count;
    }

    /** Returns the memory of a message, in bytes. */
    static long bytes(Message message) {
        return MESSAGE_BYTES
                + Sizes.ofText(message.content().asText())
                + 2L * message.attributes().length();
    }

    private static long mostBytes(Message message) {
        return MESSAGE_BYTES + 2L * length(message);
    }

    /** Returns the characters that the texts of the messages have, about. */
    public long characters() {
        return bytes / 2;
    }

    /** Adds a holder of the stretch, which must have one already. */
    PageMemory share() {
        holders.incrementAndGet();
        return this;
    }

    /** Removes a holder. */
    @Override
    public void close() {
        if (holders.decrementAndGet() == 0) {
            budget.charge(Part.PAGES, -bytes);
        }
    }
}

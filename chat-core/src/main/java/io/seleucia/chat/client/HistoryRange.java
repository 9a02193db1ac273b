package io.seleucia.chat.client;

import io.seleucia.chat.message.Names;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The part of a history to read. The server gives at most 1,000 messages, and fewer if they are large.
 *
 * @param before the offset before which to read the newest messages; empty for the end of the history
 * @param after the offset after which to read the oldest messages, instead
 * @param limit the maximum number of messages
 * @param with the client whose direct messages to read, in both directions, from the own inbox; empty for all
 */
public record HistoryRange(OptionalLong before, OptionalLong after, int limit, Optional<String> with) {
    /** Refuses a range that has both ends. */
    public HistoryRange {
        Objects.requireNonNull(before, "before");
        Objects.requireNonNull(after, "after");
        Objects.requireNonNull(with, "with");
        if (before.isPresent() && after.isPresent()) {
            throw new IllegalArgumentException("before and after exclude each other");
        }
    }

    /**
     * {@return the newest messages}
     *
     * @param limit the maximum number of messages
     */
    public static HistoryRange newest(int limit) {
        return new HistoryRange(OptionalLong.empty(), OptionalLong.empty(), limit, Optional.empty());
    }

    /**
     * {@return the newest messages before an offset}
     *
     * @param offset the offset
     * @param limit the maximum number of messages
     */
    public static HistoryRange before(long offset, int limit) {
        return new HistoryRange(OptionalLong.of(offset), OptionalLong.empty(), limit, Optional.empty());
    }

    /**
     * {@return the oldest messages after an offset}
     *
     * @param offset the offset
     * @param limit the maximum number of messages
     */
    public static HistoryRange after(long offset, int limit) {
        return new HistoryRange(OptionalLong.empty(), OptionalLong.of(offset), limit, Optional.empty());
    }

    /**
     * {@return this range of the direct messages from and to one client}
     *
     * @param client the client's name
     */
    public HistoryRange with(String client) {
        Objects.requireNonNull(client, "client");
        Names.flawOfClient(client).ifPresent(flaw -> {
            throw new IllegalArgumentException(flaw);
        });
        return new HistoryRange(before, after, limit, Optional.of(Names.normal(client)));
    }
}

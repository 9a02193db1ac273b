package io.seleucia.chat.broker.journal;

/**
 * Consecutive messages of a channel in one segment and one epoch.
 *
 * @param magic the segment's magic number, which changes if the segment is replaced
 * @param former the epoch that this one continues; {@code ""} if the epoch does not begin here
 * @param first the offset of the first message
 * @param last the offset of the last message
 * @param count the number of messages; 0 if the range only names the epoch
 * @param at where the index has the places of the messages
 */
public record OffsetRange(
        long segment,
        String channel,
        int magic,
        String epoch,
        String former,
        long first,
        long last,
        int count,
        long at) {}

package io.seleucia.chat;

import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;

/**
 * A subscriber of a channel within the program. Called by a thread of its own, one call at a time. It may block without
 * delaying others. An exception is logged, and the next message follows.
 */
@FunctionalInterface
public interface ChannelListener {
    /**
     * Receives the next message. Each message on any server that shares the broker comes once, and in order. Edits, deletions and
     * reactions are messages as well. A message that has been deleted by the time it comes has no content.
     *
     * @param message the message
     */
    void message(Message message);

    /**
     * Called when messages after the last one are lost: the program was too slow, or the broker unavailable for too long, and
     * the history no longer holds them; or an operator has deleted the messages of the channel.
     *
     * @param position the position after which the next message follows
     */
    default void lost(Position position) {}
}

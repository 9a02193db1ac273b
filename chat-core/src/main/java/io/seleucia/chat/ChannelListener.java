package io.seleucia.chat;

import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;

/**
 * Follows a channel from within the program. Called by one thread of its own, one call at a time; may block, which
 * makes nobody else wait. What it throws is logged, and the next message comes all the same.
 */
@FunctionalInterface
public interface ChannelListener {
    /** The next message: each once, in order, whoever published it and on whatever server. */
    void message(Message message);

    /**
     * Messages after the last one can't be had any more, because the program was so slow, or the broker away so long,
     * that the history has forgotten them.
     *
     * @param position where it goes on: the next message is the one after it, in that epoch
     */
    default void lost(Position position) {}
}

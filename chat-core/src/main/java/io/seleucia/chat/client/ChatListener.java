package io.seleucia.chat.client;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import java.net.URI;
import java.time.Duration;

/**
 * What a {@link ChatClient} tells its program. One virtual thread makes all calls, in order, one after the other. They
 * may block: the client then reads no further once enough waits, and loses nothing. An exception is logged, and the next
 * call follows.
 */
public interface ChatListener {
    /** A message of a channel that the client is subscribed to, its own ones included: each once, and in order. */
    default void message(Message message) {}

    /** A message to the client itself, from its inbox: each once, and in order. */
    default void direct(Message message) {}

    /** Another member's signal, which no history holds. */
    default void signal(String channel, String sender, Content content) {}

    /** A client came into a channel with its first session. Told only where presence was asked for. */
    default void joined(String channel, String client) {}

    /**
     * A client has left a channel with its last session. Comings and goings while there was no connection are not told:
     * ask for {@link ChatClient#presence} when {@link #connected} is called.
     */
    default void left(String channel, String client) {}

    /** Messages are lost, because no history holds them or the client can't read them; those behind them follow. */
    default void lost(Loss loss) {}

    /** The client is logged in at a server, for the first time or again, and returns to its channels next. */
    default void connected(URI server) {}

    /**
     * There is no connection, or none could be made. The client tries again, at the next server of its list.
     *
     * @param reason what happened, for a person
     * @param retry when it tries again, from now
     */
    default void disconnected(String reason, Duration retry) {}

    /** The server does not let the client return to a channel. It is not subscribed any more. */
    default void removed(String channel, ChatException reason) {}

    /** The server has turned the client away for good. It has ended, and this is the last call. */
    default void ended(ChatException reason) {}
}

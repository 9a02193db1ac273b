package io.seleucia.chat;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.RefusedException;

/**
 * What an embedding program wants to know of its server, and to have a say in.
 *
 * <p>All methods but {@link #publishing} tell what has happened on this server; of others that share its broker they
 * know nothing. They are called in the order in which it happened, one at a time, by a thread of their own, so that a
 * slow listener makes no client wait. Behind a listener that blocks up to {@value Listeners#MAX_WAITING} events wait;
 * what comes beyond that is not told, and the log says so. What they throw is logged.
 */
public interface ServerListener {
    /** A session has begun. In most protocols it gets its name a little later. */
    default void connected(OpenSession session) {}

    /** A session has ended, and was in these channels no more. */
    default void disconnected(OpenSession session, CloseCode code) {}

    /** A client is here with its first session. */
    default void arrived(String client) {}

    /** A client has left with its last session. */
    default void departed(String client) {}

    /** A channel has its first subscriber. */
    default void occupied(String channel) {}

    /** A channel has lost its last subscriber. */
    default void vacated(String channel) {}

    /**
     * A client is about to publish in a channel, or to send a direct message. Called by the thread that serves the
     * client: it may block, and then this client waits and nobody else does. Not called for what the program publishes
     * itself. An exception other than the declared one refuses the message with {@code internal}, and is logged.
     *
     * @param channel for a direct message {@code @name}
     * @return what is published: {@code content}, or something else
     * @throws RefusedException if nothing is to be published
     */
    default Content publishing(OpenSession from, String channel, Content content) throws RefusedException {
        return content;
    }
}

package io.seleucia.chat;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.RefusedException;

/**
 * A listener to the events of a server, which may also change or refuse messages.
 *
 * <p>All methods except {@link #publishing} report what has happened on this server, not on others that share its broker. They
 * are called in the order of the events, one at a time, by a thread of their own, so that a slow listener delays no client.
 * Behind a listener that blocks, up to {@value ListenerDispatcher#MAX_WAITING} events wait;
 * what comes beyond that is not told, and the log says so. What they throw is logged.
 */
public interface ServerListener {
    /**
     * Called when a session has begun. In most protocols it gets its name a little later.
     *
     * @param session the session
     */
    default void connected(SessionSnapshot session) {}

    /**
     * Called when a session has ended, after it has left its channels.
     *
     * @param session the session
     * @param code why its connection ended
     */
    default void disconnected(SessionSnapshot session, CloseCode code) {}

    /**
     * Called when the first session of a client has begun.
     *
     * @param client the client
     */
    default void arrived(String client) {}

    /**
     * Called when the last session of a client has ended.
     *
     * @param client the client
     */
    default void departed(String client) {}

    /**
     * Called when a channel has its first subscriber.
     *
     * @param channel the channel
     */
    default void occupied(String channel) {}

    /**
     * Called when a channel has lost its last subscriber.
     *
     * @param channel the channel
     */
    default void vacated(String channel) {}

    /**
     * Called when a client is about to publish in a channel, or to send a direct message, but not when the program publishes.
     * Edits and reactions are published as well; deletions have no content, and are not asked about.
     * Called by the thread that serves the client. It may block, which delays only this client. An exception other than the
     * declared one is logged, and refuses the message with {@code internal}.
     *
     * @param from the session that publishes
     * @param channel for a direct message {@code @name}
     * @param content what it publishes
     * @return the content to publish: {@code content}, or another; for a reaction, a short text
     * @throws RefusedException to refuse the message
     */
    default Content publishing(SessionSnapshot from, String channel, Content content) throws RefusedException {
        return content;
    }
}

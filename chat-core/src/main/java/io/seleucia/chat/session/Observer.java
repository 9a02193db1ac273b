package io.seleucia.chat.session;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.RefusedException;

/**
 * Is told what happens on a server. All methods but {@link #publishing} must not block: they are called at the moment
 * of the event, some under a lock, so that their order is the order of what happened. For the same reason they throw
 * nothing.
 */
public interface Observer {
    /** Nobody is interested. */
    Observer NOBODY = new Observer() {};

    /** A session begins; it may have no name yet. */
    default void connected(Session session) {}

    /** A session has ended, after all that it was in has been left. */
    default void disconnected(Session session, CloseCode code) {}

    /**
     * A session bears another name, under which it can be found.
     *
     * @param former empty if it bore none
     * @param name empty if it bears none any more
     */
    default void named(Session session, String former, String name) {}

    /** A channel has its first session on this server. */
    default void occupied(String channel) {}

    /** A channel has lost its last session on this server. */
    default void vacated(String channel) {}

    /**
     * A client is about to publish. Called by its inbound loop; may block, and so make this client wait.
     *
     * @return what is published instead
     */
    default Content publishing(Session session, String channel, Content content) throws RefusedException {
        return content;
    }
}

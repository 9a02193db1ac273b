package io.seleucia.chat.session;

import io.seleucia.chat.channel.ChannelObserver;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.RefusedException;

/**
 * An observer of the events of a server. All methods except {@link #publishing} must neither block nor throw: they are
 * called at the moment of the event, some under a lock, so that they come in the order of the events.
 */
public interface Observer extends ChannelObserver {
    /** An observer that ignores everything. */
    Observer NONE = new Observer() {};

    /** Called when a session begins, which may have no name yet. */
    default void connected(SessionView session) {}

    /** Called when a session has ended and has left all its channels. */
    default void disconnected(SessionView session, CloseCode code) {}

    /** Called when a session bears another name, by which it can be found. An empty name is none. */
    default void named(SessionView session, String former, String name) {}

    /**
     * Called when a client is about to publish, by its inbound loop; may block, and so make this client wait.
     *
     * @return the content to publish instead
     */
    default Content publishing(SessionView session, String channel, Content content) throws RefusedException {
        return content;
    }
}

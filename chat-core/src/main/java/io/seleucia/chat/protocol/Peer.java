package io.seleucia.chat.protocol;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import java.util.Collection;

/**
 * A connection, as its protocol object sees it. Any thread may call. Only {@link #mayReceive} and {@link #maySend} may block, as
 * the server's authorizer does.
 */
public interface Peer {
    /** {@return the client's address and port} */
    String address();

    /**
     * {@return whether the rules allow the client to {@code subscribe} in a channel of that name} For a protocol that passes
     * messages from client to client by itself; the server checks commands.
     *
     * @param channel the channel's name
     */
    boolean mayReceive(String channel);

    /**
     * {@return whether the rules allow the client to {@code publish} and to {@code signal} in a channel of that name} For
     * messages that are not kept.
     *
     * @param channel the channel's name
     * @param content the content
     */
    boolean maySend(String channel, Content content);

    /**
     * Queues a push for the client. A client for which too much waits already is closed as a slow consumer. Does nothing
     * after the end of the connection.
     *
     * @param push the push
     */
    void send(Event.Push push);

    /**
     * Queues a push for many clients. It is encoded once for all whose protocols have equal {@link Protocol#format()
     * formats}.
     *
     * @param peers connections of the same server
     * @param push the push
     */
    void send(Event.Push push, Collection<? extends Peer> peers);
}

package io.seleucia.chat.protocol;

import io.seleucia.chat.message.Event;
import java.util.Collection;

/** A connection, as the protocol object that was opened for it sees it. Any thread may call; nothing blocks. */
public interface Peer {
    /** The client's address and port. */
    String address();

    /**
     * Queues a push for the client. A client for which too much waits already is closed as a slow consumer; nothing
     * happens once the connection has ended.
     */
    void send(Event.Push push);

    /**
     * Queues a push for many clients, this one or others, which is encoded once for all whose protocols have equal
     * {@link Protocol#format() formats}.
     *
     * @param peers connections of the same server
     */
    void send(Event.Push push, Collection<? extends Peer> peers);
}

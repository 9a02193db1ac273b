package io.seleucia.chat.channel;

import io.seleucia.chat.concurrent.Gate;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Sender;
import java.util.function.Supplier;

/** A session as its channels see it. Any thread. No method throws, and only {@link #replay} blocks. */
public interface Subscriber {
    /** Returns the client, as the broker counts it. */
    Sender sender();

    /** Returns the id of the session, by which it knows its own signals. */
    String id();

    /** Returns whether the session counts as a member of its channels. */
    boolean countsAsMember();

    /** Returns whether the client has this name. */
    boolean isCalled(String name);

    /** Queues a push. If that fails, the session is ended, so that it misses nothing in silence. */
    void send(Broadcast broadcast);

    /** Queues a push that may be dropped, unless much waits already. */
    void sendIfIdle(Broadcast broadcast);

    /**
     * Makes a push, and queues it unless its gate is closed by then. Blocks until a large one has its turn, and until the queue
     * has room. Called by the session's inbound loop.
     *
     * @param length the characters of its content
     * @return whether the gate was open
     */
    boolean replay(int length, Supplier<Event.Push> push, Gate gate);

    /** Ends the session and discards its queue. The client comes back and reads what it has missed. */
    void end(CloseCode code);

    /** Notes that the session has left a channel. */
    void left(String channel);
}

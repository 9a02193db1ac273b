package io.seleucia.chat.connection;

import io.seleucia.chat.message.AdminCommand;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.transport.Frame;
import java.util.Optional;

/** Handles the messages of a connection. The inbound loop calls all methods, except as they say; they may block it. */
public interface ConnectionHandler {
    /** Called first. */
    default void began() {}

    /** Handles a message. */
    void received(Payload message);

    /**
     * Finishes what was put off, because all messages that have come are handled: the loop waits for bytes, perhaps in the
     * midst of the next message, or ends.
     */
    default void caughtUp() {}

    /** Releases everything, because nothing more comes. */
    void ended();

    /** Ends the connection if a deadline of its own has passed. Called by the watchdog; must not block. */
    default void check() {}

    /** Ends the connection, if an operator's command concerns it. Any thread; must not block. */
    default void apply(AdminCommand command) {}

    /** Returns a frame to be sent before the last one, if any. Any thread; must not block. */
    default Optional<Frame> farewell(CloseCode code) {
        return Optional.empty();
    }

    /** Returns the name of the client, for flight recordings; empty if there is none. Any thread. */
    default String client() {
        return "";
    }
}

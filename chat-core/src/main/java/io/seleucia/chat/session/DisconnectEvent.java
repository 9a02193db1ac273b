package io.seleucia.chat.session;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.transport.Connection;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** For flight recordings: a session ends. */
@Name("seleucia.Disconnect")
@Label("Disconnect")
@Description("The end of a session began, for the first reason that was found")
@Category("Seleucia")
@StackTrace(false)
final class DisconnectEvent extends Event {
    @Label("Session")
    String session;

    @Label("Address")
    String address;

    @Label("Client")
    String client;

    @Label("Close Code")
    int code;

    @Label("Reason")
    String reason;

    private DisconnectEvent() {}

    /**
     * Notes it, if anybody records.
     *
     * @param client what its client was called; empty if it had no name
     */
    static void commit(Connection connection, String client, CloseCode code, String reason) {
        DisconnectEvent event = new DisconnectEvent();
        if (event.shouldCommit()) {
            event.session = connection.name();
            event.address = connection.peer();
            event.client = client;
            event.code = code.code();
            event.reason = reason;
            event.commit();
        }
    }
}

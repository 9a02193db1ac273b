package io.seleucia.chat.session;

import io.seleucia.chat.transport.Connection;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** For flight recordings: a session begins. */
@Name("seleucia.Connect")
@Label("Connect")
@Description("A session began: the handshake of its connection was done")
@Category("Seleucia")
@StackTrace(false)
final class ConnectEvent extends Event {
    @Label("Session")
    String session;

    @Label("Address")
    String address;

    private ConnectEvent() {}

    /** Notes it, if anybody records. */
    static void commit(Connection connection) {
        ConnectEvent event = new ConnectEvent();
        if (event.shouldCommit()) {
            event.session = connection.name();
            event.address = connection.peer();
            event.commit();
        }
    }
}

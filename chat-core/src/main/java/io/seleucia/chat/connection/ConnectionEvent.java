package io.seleucia.chat.connection;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.transport.Connection;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** An event of a session in flight recordings. Nothing is computed for one that no recording asks for. */
@StackTrace(false)
abstract class ConnectionEvent extends Event {
    @Label("Session")
    String session;

    @Label("Address")
    String address;

    @Name("seleucia.Connect")
    @Label("Connect")
    @Description("A session began: the handshake of its connection was done")
    @Category("Seleucia")
    @StackTrace(false)
    static final class Connect extends ConnectionEvent {}

    @Name("seleucia.Disconnect")
    @Label("Disconnect")
    @Description("The end of a session began, for the first reason that was found")
    @Category("Seleucia")
    @StackTrace(false)
    static final class Disconnect extends ConnectionEvent {
        @Label("Client")
        String client;

        @Label("Close Code")
        int code;

        @Label("Reason")
        String reason;
    }

    @Name("seleucia.SlowConsumer")
    @Label("Slow Consumer")
    @Description("A session ends because more waited to be written than may wait")
    @Category("Seleucia")
    @StackTrace(false)
    static final class SlowConsumer extends ConnectionEvent {
        @Label("Queued")
        @DataAmount(DataAmount.BYTES)
        long queued;
    }

    static void connected(Connection connection) {
        new Connect().commitOf(connection);
    }

    /** Records the end of a session. */
    static void disconnected(Connection connection, String client, CloseCode code, String reason) {
        Disconnect event = new Disconnect();
        event.client = client;
        event.code = code.code();
        event.reason = reason;
        event.commitOf(connection);
    }

    /** Records that a peer did not read, while so many bytes waited. */
    static void slowConsumer(Connection connection, long queued) {
        SlowConsumer event = new SlowConsumer();
        event.queued = queued;
        event.commitOf(connection);
    }

    final void commitOf(Connection connection) {
        if (shouldCommit()) {
            session = connection.name();
            address = connection.peer();
            commit();
        }
    }
}

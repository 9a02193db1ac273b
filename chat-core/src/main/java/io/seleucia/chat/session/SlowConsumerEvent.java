package io.seleucia.chat.session;

import io.seleucia.chat.transport.Connection;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** For flight recordings: a peer did not read what it was sent. */
@Name("seleucia.SlowConsumer")
@Label("Slow Consumer")
@Description("A session ends because more waited to be written than may wait")
@Category("Seleucia")
@StackTrace(false)
final class SlowConsumerEvent extends Event {
    @Label("Session")
    String session;

    @Label("Address")
    String address;

    @Label("Queued")
    @DataAmount(DataAmount.BYTES)
    long queued;

    private SlowConsumerEvent() {}

    /**
     * Notes it, if anybody records.
     *
     * @param queued the bytes that waited to be written
     */
    static void commit(Connection connection, long queued) {
        SlowConsumerEvent event = new SlowConsumerEvent();
        if (event.shouldCommit()) {
            event.session = connection.name();
            event.address = connection.peer();
            event.queued = queued;
            event.commit();
        }
    }
}

package io.seleucia.chat.broker;

import java.time.Duration;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** For flight recordings: a lost connection of the broker stands again. */
@Name("seleucia.BrokerReconnect")
@Label("Broker Reconnect")
@Description("The connection that brings messages from the broker was lost, and stands again")
@Category("Seleucia")
@StackTrace(false)
final class BrokerReconnectEvent extends Event {
    @Label("Broker")
    String broker;

    @Label("Outage")
    @Timespan(Timespan.NANOSECONDS)
    long outage;

    private BrokerReconnectEvent() {}

    /**
     * Notes it, if anybody records.
     *
     * @param broker where it is, without a password
     * @param outage how long there was no connection
     */
    static void commit(String broker, Duration outage) {
        BrokerReconnectEvent event = new BrokerReconnectEvent();
        if (event.shouldCommit()) {
            event.broker = broker;
            event.outage = outage.toNanos();
            event.commit();
        }
    }
}

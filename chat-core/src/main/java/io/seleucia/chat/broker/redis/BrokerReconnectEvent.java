package io.seleucia.chat.broker.redis;

import java.time.Duration;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** The flight-recorder event of a broker's connection that was lost and is back. */
@Name("seleucia.BrokerReconnect")
@Label("Broker Reconnect")
@Description("The connection that brings messages from the broker was lost, and is back")
@Category("Seleucia")
@StackTrace(false)
final class BrokerReconnectEvent extends Event {
    @Label("Broker")
    String broker;

    @Label("Outage")
    @Timespan(Timespan.NANOSECONDS)
    long outage;

    private BrokerReconnectEvent() {}

    /** Records a reconnect, if a recording runs. The broker's address must not contain a password. */
    static void commit(String broker, Duration outage) {
        BrokerReconnectEvent event = new BrokerReconnectEvent();
        if (event.shouldCommit()) {
            event.broker = broker;
            event.outage = outage.toNanos();
            event.commit();
        }
    }
}

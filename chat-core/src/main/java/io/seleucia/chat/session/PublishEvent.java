package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/**
 * For flight recordings: a client's message was published, which takes as long as the event. There are as many as
 * messages, and so they are off unless a recording asks for them.
 */
@Name("seleucia.Publish")
@Label("Publish")
@Description("The broker took a client's message; in memory, this includes giving it to the members")
@Category("Seleucia")
@Enabled(false)
@StackTrace(false)
final class PublishEvent extends Event {
    @Label("Session")
    String session;

    @Label("Client")
    String client;

    @Label("Channel")
    String channel;

    @Label("Offset")
    long offset;

    @Label("Duplicate")
    boolean duplicate;

    /** Notes it, if anybody records; after {@link #begin}. */
    void commit(String session, String client, String channel, Broker.Receipt receipt) {
        if (shouldCommit()) {
            this.session = session;
            this.client = client;
            this.channel = channel;
            this.offset = receipt.position().offset();
            this.duplicate = receipt.duplicate();
            commit();
        }
    }
}

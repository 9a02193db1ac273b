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
 * The publication of a client's message, in flight recordings. Its duration is that of the broker's call. There is one for
 * each message, and so they are off unless a recording asks for them.
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

    /** Records the publication that {@link #begin} began, if a recording asks for it. */
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

package io.seleucia.chat.session;

import io.seleucia.chat.connection.ServedConnection;
import java.util.List;

/** A session as observers and operators see it. Any thread may call its methods; none blocks. */
public interface SessionView {
    /** Returns the connection that the session runs on. */
    ServedConnection served();

    /** Returns the name of the client; empty if it has none yet. */
    String client();

    /** Returns the name of the protocol. */
    String protocol();

    /** Returns the address and port of the peer. */
    String address();

    /** Returns when the session began, in milliseconds since 1970-01-01T00:00Z. */
    long since();

    /** Returns the channels that the session is subscribed to, sorted. */
    List<String> subscribed();

    /** Returns whether the session is subscribed to a channel. */
    boolean isSubscribed(String channel);
}

package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import java.io.IOException;

/** The peer closed the connection, or broke a rule for which it must be closed: nothing more will be read from it. */
public final class ConnectionClosedException extends IOException {
    private static final long serialVersionUID = 1;

    private final CloseCode code;

    /**
     * @param code what the peer is told
     * @param why the rule that was broken, or how the peer closed: for tests and the log at DEBUG, not for the peer
     */
    public ConnectionClosedException(CloseCode code, String why) {
        super(why);
        this.code = code;
    }

    /** What the peer is told. */
    public CloseCode code() {
        return code;
    }
}

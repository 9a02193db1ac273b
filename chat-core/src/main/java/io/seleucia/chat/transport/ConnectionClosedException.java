package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import java.io.IOException;

/** Signals that the peer closed the connection, or broke a rule for which it must be closed. */
public final class ConnectionClosedException extends IOException {
    private static final long serialVersionUID = 1;

    private final CloseCode code;

    /**
     * @param code the close code for the peer
     * @param why the broken rule, or the peer's reason: for tests and the log at DEBUG, not for the peer
     */
    public ConnectionClosedException(CloseCode code, String why) {
        super(why);
        this.code = code;
    }

    /** Returns the close code for the peer. */
    public CloseCode code() {
        return code;
    }
}

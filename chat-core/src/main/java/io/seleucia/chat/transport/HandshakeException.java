package io.seleucia.chat.transport;

import java.io.IOException;

/** A handshake that is refused; whoever catches it outside of {@link Handshake} knows that the peer has been told. */
public final class HandshakeException extends IOException {
    private static final long serialVersionUID = 1;

    private final int status;

    /**
     * A refusal that the peer is to be told.
     *
     * @param status the HTTP status: one of 400, 401, 403, 405, 426, 429, 431 and 503
     */
    public HandshakeException(int status, String why) {
        super(why);
        this.status = status;
    }

    /** The HTTP status of the answer. */
    public int status() {
        return status;
    }
}

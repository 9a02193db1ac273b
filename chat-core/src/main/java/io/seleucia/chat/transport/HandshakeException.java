package io.seleucia.chat.transport;

import java.io.IOException;

/** Signals a refused handshake. Outside of {@link Handshake}, the peer has been told already. */
public final class HandshakeException extends IOException {
    private static final long serialVersionUID = 1;

    private final int status;

    /**
     * @param status the HTTP status: one of 400, 401, 403, 405, 426, 429, 431 and 503
     */
    public HandshakeException(int status, String why) {
        super(why);
        this.status = status;
    }

    /** Returns the HTTP status of the answer. */
    public int status() {
        return status;
    }
}

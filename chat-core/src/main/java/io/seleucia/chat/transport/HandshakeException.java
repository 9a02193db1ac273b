package io.seleucia.chat.transport;

import java.io.IOException;

/** A handshake that was refused; the peer has been told. */
public final class HandshakeException extends IOException {
    private static final long serialVersionUID = 1;

    private final int status;

    HandshakeException(int status, String why) {
        super(why);
        this.status = status;
    }

    /** The HTTP status of the answer. */
    public int status() {
        return status;
    }
}

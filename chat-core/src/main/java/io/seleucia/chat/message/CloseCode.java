package io.seleucia.chat.message;

/** Why a session ended: the code and the reason of a WebSocket Close frame (RFC 6455 §7.4, and 4000–4999 of our own). */
public enum CloseCode {
    /** The purpose is fulfilled. */
    NORMAL(1000, ""),
    /** The peer broke a rule of RFC 6455. */
    PROTOCOL_ERROR(1002, "protocol error"),
    /** The protocol takes no messages of that kind: binary where text is spoken, or the reverse. */
    UNSUPPORTED_DATA(1003, "unsupported data"),
    /** A text message that is not UTF-8. */
    INVALID_TEXT(1007, "invalid UTF-8"),
    /** A compressed message that can't be inflated. */
    INVALID_COMPRESSION(1007, "invalid compressed data"),
    /** A message over the size limit. */
    TOO_LARGE(1009, "message too large"),
    /** A fault of the server, which its log explains. */
    INTERNAL_ERROR(1011, "internal error"),
    /** The server is going down and expects to be back. */
    RESTART(1012, "server restarts"),
    /** A request cannot be carried out now: the broker is out of reach. */
    TRY_LATER(1013, "try again later"),
    /** The outbound queue passed its limit. */
    SLOW_CONSUMER(4000, "slow consumer"),
    /** Nothing was heard after a ping, or a write or a frame stalled. */
    TIMED_OUT(4001, "timed out"),
    /** The rate limit was passed again and again. */
    RATE_LIMITED(4400, "rate limit"),
    /** There was no login in time, or the login is revoked or has expired. */
    UNAUTHORIZED(4401, "not logged in"),
    /** An operator ended the session. */
    DISCONNECTED(4403, "disconnected by an operator");

    private final int code;
    private final String reason;

    CloseCode(int code, String reason) {
        this.code = code;
        this.reason = reason;
    }

    /** {@return whether a client that was closed with it may come back by itself} */
    public boolean reconnect() {
        return switch (this) {
            case RESTART, TRY_LATER, SLOW_CONSUMER, TIMED_OUT, INTERNAL_ERROR, RATE_LIMITED -> true;
            case NORMAL,
                    PROTOCOL_ERROR,
                    UNSUPPORTED_DATA,
                    INVALID_TEXT,
                    INVALID_COMPRESSION,
                    TOO_LARGE,
                    UNAUTHORIZED,
                    DISCONNECTED -> false;
        };
    }

    /** {@return the number on the wire} */
    public int code() {
        return code;
    }

    /** {@return the text on the wire: at most 123 bytes, the same for everyone} */
    public String reason() {
        return reason;
    }
}

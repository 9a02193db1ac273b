package io.seleucia.chat.message;

import java.util.Locale;

/** Why a request was not carried out. The session goes on; see {@link CloseCode} for what ends it. */
public enum ErrorCode {
    /** The input breaks a rule of its protocol, or a name one of {@link Names}. */
    BAD_REQUEST,
    /** The protocol has no such request. */
    UNKNOWN_TYPE,
    /** The request needs a login. */
    UNAUTHORIZED,
    /** The request names another client than the session's. */
    WRONG_CLIENT,
    /** It belongs to another client. */
    FORBIDDEN,
    /** Publishing and reading need a subscription to that channel, and so does giving it up. */
    NOT_SUBSCRIBED,
    /** The session has that subscription. */
    ALREADY_SUBSCRIBED,
    /** No client of that name is known. */
    NO_SUCH_USER,
    /** The name is reserved, or is borne by another client or an account, or looks like theirs. */
    NAME_TAKEN,
    /** The message that it refers to is deleted, or no longer in the history. */
    TOO_OLD,
    /** The session has as many channels as it may have. */
    TOO_MANY_CHANNELS,
    /** The text is longer than the channel takes. */
    TOO_LARGE,
    /** The session sends faster than it may. */
    RATE_LIMITED,
    /** The broker can't be reached; nothing was published. */
    UNAVAILABLE,
    /** A fault of the server, which its log explains. */
    INTERNAL;

    /** {@return what closes a session whose protocol has no words for the error} */
    public CloseCode closeCode() {
        return switch (this) {
            case UNAVAILABLE -> CloseCode.TRY_LATER;
            case INTERNAL -> CloseCode.INTERNAL_ERROR;
            case TOO_LARGE -> CloseCode.TOO_LARGE;
            case RATE_LIMITED -> CloseCode.RATE_LIMITED;
            case UNAUTHORIZED -> CloseCode.UNAUTHORIZED;
            case BAD_REQUEST,
                    UNKNOWN_TYPE,
                    WRONG_CLIENT,
                    FORBIDDEN,
                    NOT_SUBSCRIBED,
                    ALREADY_SUBSCRIBED,
                    NO_SUCH_USER,
                    NAME_TAKEN,
                    TOO_OLD,
                    TOO_MANY_CHANNELS -> CloseCode.PROTOCOL_ERROR;
        };
    }

    /** {@return the code as it is written on the wire: {@code bad_request}} */
    public String wireName() {
        return this == WRONG_CLIENT ? FORBIDDEN.wireName() : name().toLowerCase(Locale.ROOT);
    }
}

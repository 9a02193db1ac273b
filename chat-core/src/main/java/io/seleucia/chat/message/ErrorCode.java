package io.seleucia.chat.message;

/** Why a request was not carried out. The session goes on; see {@link CloseCode} for what ends it. */
public enum ErrorCode {
    /** The input breaks a rule of its protocol, or a name one of {@link Names}. */
    BAD_REQUEST,
    /** The request names another client than the session's. */
    WRONG_CLIENT,
    /** Publishing needs a subscription to that channel, and so does giving it up. */
    NOT_SUBSCRIBED,
    /** The session has that subscription. */
    ALREADY_SUBSCRIBED,
    /** The session has as many channels as it may have. */
    TOO_MANY_CHANNELS,
    /** The session sends faster than it may. */
    RATE_LIMITED,
    /** The broker can't be reached; nothing was published. */
    UNAVAILABLE,
    /** A fault of the server, which its log explains. */
    INTERNAL
}

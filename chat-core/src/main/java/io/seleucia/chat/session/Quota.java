package io.seleucia.chat.session;

import io.seleucia.chat.message.ErrorCode;

/** A limit for each {@link Source}, and the sentence for its clients when it is used up. */
public enum Quota {
    /** Requests a second. */
    MESSAGES("too many requests from one account or address, slow down"),
    /** Bytes a second that are sent on to others. */
    BYTES("too many bytes from one account or address, slow down"),
    /** Bytes a day that are published. */
    DAILY_BYTES("this account or address has published all that it may for now, try again in some hours"),
    /** Messages a minute to one channel or inbox. */
    CHANNEL_MESSAGES("too many messages from one account or address to this channel, slow down"),
    /** Messages of one sender to a channel whose options limit them. */
    SENDER_MESSAGES("too many messages from one client to this channel, slow down"),
    /** Channels a minute in which nothing was published before. */
    NEW_CHANNELS("too many new channels, wait a minute, or use one that exists"),
    /** Names of guests a minute that are reserved and were not before. */
    NEW_NAMES("too many new names from one address, wait a minute, or use one that it had before"),
    /** Direct messages a minute to names that no client has had. */
    UNKNOWN_NAMES("too many messages from one account or address to names that do not exist, wait a minute"),
    /** Channels of all sources together. */
    ALL_CHANNELS("this server has as many channels as it may have, use one that exists"),
    /** Subscriptions at a time. */
    CHANNELS("too many subscriptions of one account or address, unsubscribe from some"),
    /** Bytes that wait to be written. */
    QUEUED_BYTES("");

    private final String message;

    Quota(String message) {
        this.message = message;
    }

    /** Returns the code of the refusal. */
    ErrorCode code() {
        return this == CHANNELS || this == ALL_CHANNELS ? ErrorCode.TOO_MANY_CHANNELS : ErrorCode.RATE_LIMITED;
    }

    /** Returns the sentence for the client. */
    String message() {
        return message;
    }
}

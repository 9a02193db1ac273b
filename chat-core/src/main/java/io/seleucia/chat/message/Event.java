package io.seleucia.chat.message;

import java.util.List;

/** What the server tells a client. Every wire protocol encodes these and nothing else. */
public sealed interface Event {
    /** The answer to one request. */
    sealed interface Reply extends Event {}

    /** Something that happened, told unasked; encoded once for all who speak the same protocol. */
    sealed interface Push extends Event {}

    /** The session now receives the channel, beginning with the message after {@code position}. */
    record Subscribed(String channel, Position position) implements Reply {}

    /** The session receives these channels no more. */
    record Unsubscribed(List<String> channels) implements Reply {}

    /**
     * The message has its place in the history.
     *
     * @param duplicate whether an earlier message with the same idempotency key has that place, and nothing was published
     */
    record Published(String channel, Position position, boolean duplicate) implements Reply {}

    /** The session's channels, sorted. */
    record Channels(List<String> channels) implements Reply {}

    /**
     * The request was not carried out.
     *
     * @param message the reason, for a person
     */
    record Failed(ErrorCode code, String message) implements Reply {}

    /** A message of a channel. */
    record Received(Message message) implements Push {}

    /** Messages up to this position can't be had any more; the next one is the one after it, in that epoch. */
    record Lost(String channel, Position position) implements Push {}
}

package io.seleucia.chat.message;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the server tells a client. Every wire protocol encodes these and nothing else. */
public sealed interface Event {
    /** The answer to one request. */
    sealed interface Reply extends Event {}

    /** Something that happened, told unasked; encoded once for all who speak the same protocol. */
    sealed interface Push extends Event {}

    /**
     * The session is known by its name.
     *
     * @param session a random name of the session
     * @param server the server's name and version
     * @param inbox where the own inbox stands, if the client said where it was
     */
    record Connected(
            String session,
            String client,
            String server,
            int pingSeconds,
            int maxMessageBytes,
            Optional<Recovery> inbox)
            implements Reply {}

    /**
     * The session stays logged in.
     *
     * @param seconds how long, if it is not refreshed again
     */
    record Refreshed(long seconds) implements Reply {}

    /**
     * The session now receives the channel.
     *
     * @param recovery where it begins
     */
    record Subscribed(String channel, Recovery recovery) implements Reply {}

    /**
     * Where a session begins in a channel.
     *
     * @param position the channel's newest position
     * @param recovered whether all since the position that the client named follows; empty if it named none. If false,
     *     nothing earlier follows
     */
    record Recovery(Position position, Optional<Boolean> recovered) {}

    /** The session receives these channels no more. */
    record Unsubscribed(List<String> channels) implements Reply {}

    /**
     * The message has its place in the history.
     *
     * @param duplicate whether an earlier message with the same idempotency key has that place, and nothing was published
     */
    record Published(String channel, Position position, boolean duplicate) implements Reply {}

    /** The signal was passed on. */
    record Signalled() implements Reply {}

    /** The session's channels, sorted. */
    record Channels(List<String> channels) implements Reply {}

    /**
     * A stretch of history.
     *
     * @param position the channel's newest position
     * @param messages oldest first
     */
    record Page(String channel, Position position, List<Message> messages) implements Reply {}

    /**
     * The clients in a channel.
     *
     * @param clients the number of sessions of each, sorted
     */
    record Members(String channel, Map<String, Integer> clients) implements Reply {}

    /** The answer to a ping. */
    record Pong() implements Reply {}

    /**
     * The request was not carried out.
     *
     * @param message the reason, for a person
     */
    record Failed(ErrorCode code, String message) implements Reply {}

    /** A message of a channel, or of the own inbox. */
    record Received(Message message) implements Push {}

    /** A signal of another member. */
    record SignalReceived(String channel, String sender, Content content) implements Push {}

    /** A client came into a channel with its first session. */
    record Joined(String channel, String client) implements Push {}

    /** A client has left a channel with its last session. */
    record Left(String channel, String client) implements Push {}

    /** Messages up to this position can't be had any more; the next one is the one after it, in that epoch. */
    record Lost(String channel, Position position) implements Push {}

    /** Something that only one protocol knows: all others have no word for it. */
    non-sealed interface Own extends Push {}

    /** The server closes the connection next. */
    record Goodbye(CloseCode code) implements Push {}
}

package io.seleucia.chat.message;

import java.util.Optional;
import java.util.function.Supplier;

/** The requests of a client. Every wire protocol decodes to these and to nothing else. */
public sealed interface Command {
    /**
     * Be known by a name, and receive what is sent to it.
     *
     * @param client the name; with a login it may be left out, for it is the account's
     * @param inbox the position in the own inbox up to which everything has been received
     * @param credentials to log in with, where the handshake has not done that
     * @param resume what a guest shows for a name that is reserved for it
     */
    record Connect(
            Optional<String> client,
            Optional<Position> inbox,
            Optional<Credentials> credentials,
            Optional<ResumeSecret> resume)
            implements Command {}

    /**
     * Stay logged in for as long as another token allows.
     *
     * @param token the token
     */
    record Refresh(Credentials.Token token) implements Command {}

    /**
     * Receive what is published in a channel.
     *
     * @param since first receive what was published after this position
     * @param presence also be told which clients come and go
     * @param channel the channel's name
     */
    record Subscribe(String channel, Optional<Position> since, boolean presence) implements Command {
        /**
         * From now on, messages only.
         *
         * @param channel the channel's name
         */
        public Subscribe(String channel) {
            this(channel, Optional.empty(), false);
        }
    }

    /**
     * Receive no more of a channel.
     *
     * @param channel the channel's name
     */
    record Unsubscribe(String channel) implements Command {}

    /** Receive no more of any channel. */
    record UnsubscribeAll() implements Command {}

    /**
     * Say something in a channel that the session is subscribed to.
     *
     * @param key repeated within some minutes, it publishes nothing and gives the first message's position; empty for
     *     none
     * @param channel the channel's name
     * @param content the content
     */
    record Publish(String channel, Content content, String key) implements Command {
        /**
         * Without a key.
         *
         * @param channel the channel's name
         * @param content the content
         */
        public Publish(String channel, Content content) {
            this(channel, content, "");
        }
    }

    /**
     * Say something to one client, on all its sessions, or its next one if it is away.
     *
     * @param key as in {@link Publish}
     * @param to the recipient's name
     * @param content the content
     */
    record Direct(String to, Content content, String key) implements Command {}

    /**
     * Say something to the other members that is not kept: that one is typing, and the like.
     *
     * @param channel the channel's name
     * @param content the content
     */
    record Signal(String channel, Content content) implements Command {}

    /** List the channels that the session is subscribed to. */
    record ListChannels() implements Command {}

    /**
     * Read the history of a channel that the session is subscribed to, or of the own inbox.
     *
     * @param offset where to begin, exclusive
     * @param forward whether to read the oldest messages after the offset, and not the newest before it
     * @param limit the most messages to give
     * @param channel the channel's name
     */
    record History(String channel, long offset, boolean forward, int limit) implements Command {}

    /**
     * List clients in a channel that the session is subscribed to.
     *
     * @param after the client id after which the list begins; empty for its beginning
     * @param limit the most clients to give
     * @param channel the channel's name
     */
    record Presence(String channel, String after, int limit) implements Command {}

    /**
     * Changes the name of the client, unless another has it.
     *
     * @param name the name
     */
    record Nickname(String name) implements Command {}

    /** Nothing: input that its protocol skips. It counts as a request all the same. */
    record Ignored() implements Command {}

    /**
     * Do something that only its protocol knows. It runs as every command does: in the inbound loop, in its turn, within
     * the limits.
     *
     * @param action may block; gives the failure that is to be answered, if there is one. An exception is logged, and
     *     answered as {@link ErrorCode#INTERNAL}
     */
    record Custom(Supplier<Optional<Event.Failed>> action) implements Command {}

    /** Be answered. */
    record Ping() implements Command {}

    /**
     * Input that is no command. It is answered, and the session goes on.
     *
     * @param code what kind of mistake it is
     * @param why the rule that was broken, for a person
     */
    record Malformed(ErrorCode code, String why) implements Command {
        /**
         * A broken rule like any other.
         *
         * @param why the reason, for the client
         */
        public Malformed(String why) {
            this(ErrorCode.BAD_REQUEST, why);
        }
    }
}

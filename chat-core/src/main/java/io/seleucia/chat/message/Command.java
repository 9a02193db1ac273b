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
     * @param interest what else to receive of the channel
     * @param channel the channel's name
     */
    record Subscribe(String channel, Optional<Position> since, Interest interest) implements Command {
        /**
         * Messages, and perhaps presence.
         *
         * @param channel the channel's name
         * @param since first receive what was published after this position
         * @param presence also be told which clients come and go
         */
        public Subscribe(String channel, Optional<Position> since, boolean presence) {
            this(channel, since, new Interest(presence, false, false));
        }

        /**
         * From now on, messages only.
         *
         * @param channel the channel's name
         */
        public Subscribe(String channel) {
            this(channel, Optional.empty(), Interest.MESSAGES);
        }
    }

    /**
     * The pushes that a member receives of a channel besides its messages.
     *
     * @param presence which clients come and go
     * @param read how far the client has read, with the reply
     * @param receipts how far others have read, who are told the same of this client
     */
    record Interest(boolean presence, boolean read, boolean receipts) {
        /** Messages only. */
        public static final Interest MESSAGES = new Interest(false, false, false);
    }

    /**
     * Note how far the client has read a channel that the session is subscribed to.
     *
     * @param channel the channel's name
     * @param offset the offset of the last message that was read
     */
    record Read(String channel, long offset) implements Command {}

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
     * @param content the content; {@link Content#NONE} in a deletion only
     * @param attributes the headers and the reference
     */
    record Publish(String channel, Content content, Attributes attributes, String key) implements Command {
        /**
         * Without a key.
         *
         * @param channel the channel's name
         * @param content the content
         */
        public Publish(String channel, Content content) {
            this(channel, content, "");
        }

        /**
         * Without headers and without a reference.
         *
         * @param channel the channel's name
         * @param content the content
         * @param key the idempotency key; empty for none
         */
        public Publish(String channel, Content content, String key) {
            this(channel, content, Attributes.NONE, key);
        }
    }

    /**
     * Say something to one client, on all its sessions, or its next one if it is away.
     *
     * @param key as in {@link Publish}
     * @param to the recipient's name
     * @param content as in {@link Publish}
     * @param attributes the headers, and the reference to a message of the own inbox
     */
    record Direct(String to, Content content, Attributes attributes, String key) implements Command {
        /**
         * Without headers and without a reference.
         *
         * @param to the recipient's name
         * @param content the content
         * @param key the idempotency key; empty for none
         */
        public Direct(String to, Content content, String key) {
            this(to, content, Attributes.NONE, key);
        }
    }

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
     * List channels of all servers, in the order of {@link ChannelEntry#ORDER}.
     *
     * @param prefix the beginning of their names; empty for all
     * @param after the name after which the list begins; empty for its beginning
     * @param limit the most channels to give
     * @param next where the server has stopped looking, as a reply to this session has said; empty if {@code after} holds
     */
    record Directory(String prefix, String after, int limit, String next) implements Command {
        /**
         * After a name.
         *
         * @param prefix the beginning of their names; empty for all
         * @param after the name after which the list begins; empty for its beginning
         * @param limit the most channels to give
         */
        public Directory(String prefix, String after, int limit) {
            this(prefix, after, limit, "");
        }
    }

    /**
     * Read the description of a channel.
     *
     * @param channel the channel's name
     */
    record Description(String channel) implements Command {}

    /**
     * Change the description of a channel.
     *
     * @param channel the channel's name
     * @param json a JSON object; empty to remove the description
     */
    record Describe(String channel, Optional<Content.Json> json) implements Command {}

    /**
     * Read the history of a channel that the session is subscribed to, or of the own inbox.
     *
     * @param offset where to begin, exclusive
     * @param forward whether to read the oldest messages after the offset, and not the newest before it
     * @param limit the most messages to give
     * @param channel the channel's name
     * @param folded whether to give messages as they are now, without annotations, and not as they were published
     * @param with the client from which or to which the messages of the own inbox are; empty for all
     */
    record History(String channel, long offset, boolean forward, int limit, boolean folded, String with)
            implements Command {
        /**
         * All messages, as they were published.
         *
         * @param channel the channel's name
         * @param offset where to begin, exclusive
         * @param forward whether to read forward
         * @param limit the most messages to give
         */
        public History(String channel, long offset, boolean forward, int limit) {
            this(channel, offset, forward, limit, false, "");
        }
    }

    /**
     * Find messages, as they are now, in a channel that the session is subscribed to, or in the own inbox: the newest
     * first.
     *
     * @param channel the channel's name
     * @param text what is in their text, in upper or lower case
     * @param before the offset before which to begin
     * @param limit the most messages to give
     */
    record Search(String channel, String text, long before, int limit) implements Command {
        /** The longest text, in code points. */
        public static final int MAX_TEXT = 256;
    }

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

    /**
     * Call a method of the program that runs the server.
     *
     * @param method the method's name; see {@link Names#flawOfMethod}
     * @param content what the method is given
     */
    record Call(String method, Content content) implements Command {}

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

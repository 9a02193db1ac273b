package io.seleucia.chat.message;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The replies and pushes of the server. Every wire protocol encodes these and nothing else. */
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
     * @param resume what the client must show to bear the name again, if the name is reserved for it
     * @param client the client's name
     * @param pingSeconds the seconds of silence after which the server pings
     * @param maxMessageBytes the largest message that the server accepts, in bytes
     */
    record Connected(
            String session,
            String client,
            String server,
            int pingSeconds,
            int maxMessageBytes,
            Optional<Recovery> inbox,
            Optional<ResumeSecret> resume)
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
     * @param channel the channel's name
     * @param info the channel's description, if it has one
     * @param read how far the client has read, if it asked for that
     */
    record Subscribed(String channel, Recovery recovery, Optional<ChannelInfo> info, Optional<ReadMark> read)
            implements Reply {
        /**
         * Without a description and a read mark.
         *
         * @param channel the channel's name
         * @param recovery where it begins
         */
        public Subscribed(String channel, Recovery recovery) {
            this(channel, recovery, Optional.empty(), Optional.empty());
        }
    }

    /**
     * The position at which a session begins in a channel.
     *
     * @param position the channel's newest position
     * @param recovered whether all since the position that the client named follows; empty if it named none. If false,
     *     nothing earlier follows
     */
    record Recovery(Position position, Optional<Boolean> recovered) {}

    /**
     * The session receives these channels no more.
     *
     * @param channels the channels' names
     */
    record Unsubscribed(List<String> channels) implements Reply {}

    /**
     * The message has its place in the history.
     *
     * @param duplicate whether an earlier message with the same idempotency key has that place, and nothing was published
     * @param channel the channel's name
     * @param position the position in the channel
     * @param own the position of the sender's own copy of a direct message, if it has one
     */
    record Published(String channel, Position position, boolean duplicate, Optional<Position> own) implements Reply {
        /**
         * In a channel, or without a copy.
         *
         * @param channel the channel's name
         * @param position the position in the channel
         * @param duplicate whether nothing was published
         */
        public Published(String channel, Position position, boolean duplicate) {
            this(channel, position, duplicate, Optional.empty());
        }
    }

    /** The signal was passed on. */
    record Signalled() implements Reply {}

    /**
     * The session's channels, sorted.
     *
     * @param channels the channels' names
     */
    record Channels(List<String> channels) implements Reply {}

    /**
     * Channels of all servers.
     *
     * @param channels those that were asked for, in the order of {@link ChannelEntry#ORDER}
     * @param more whether others may follow the last of them
     * @param next if the server has stopped looking behind the last of them, what to pass to go on from there
     */
    record Directory(List<ChannelEntry> channels, boolean more, Optional<String> next) implements Reply {
        /**
         * With all that was asked for.
         *
         * @param channels the channels
         * @param more whether others follow the last of them
         */
        public Directory(List<ChannelEntry> channels, boolean more) {
            this(channels, more, Optional.empty());
        }
    }

    /**
     * The description of a channel, which may have been changed by the request.
     *
     * @param channel the channel's name
     * @param info the description; empty if the channel has none
     */
    record Description(String channel, Optional<ChannelInfo> info) implements Reply {}

    /**
     * A stretch of history.
     *
     * @param position the channel's newest position
     * @param messages oldest first
     * @param channel the channel's name
     * @param next where to read on, if the server has looked through as much as it does for one request, and found too
     *     little
     */
    record Page(String channel, Position position, List<Message> messages, OptionalLong next) implements Reply {
        /**
         * With all that was asked for.
         *
         * @param channel the channel's name
         * @param position the channel's newest position
         * @param messages oldest first
         */
        public Page(String channel, Position position, List<Message> messages) {
            this(channel, position, messages, OptionalLong.empty());
        }
    }

    /**
     * A stretch of history, as it is now.
     *
     * @param position the channel's newest position
     * @param messages oldest first
     * @param channel the channel's name
     * @param next as in {@link Page}
     */
    record FoldedPage(String channel, Position position, List<FoldedMessage> messages, OptionalLong next)
            implements Reply {
        /**
         * With all that was asked for.
         *
         * @param channel the channel's name
         * @param position the channel's newest position
         * @param messages oldest first
         */
        public FoldedPage(String channel, Position position, List<FoldedMessage> messages) {
            this(channel, position, messages, OptionalLong.empty());
        }
    }

    /**
     * The messages that a search has found.
     *
     * @param messages newest first, as they are now
     * @param next the offset before which to search on; empty at the end
     * @param channel the channel's name
     */
    record Found(String channel, List<FoldedMessage> messages, OptionalLong next) implements Reply {}

    /**
     * Some of the clients in a channel.
     *
     * @param total how many there are
     * @param clients those that were asked for, sorted
     * @param more whether others follow the last of them
     * @param channel the channel's name
     */
    record Members(String channel, int total, List<Member> clients, boolean more) implements Reply {}

    /**
     * The result of a method of the program that runs the server.
     *
     * @param content the result; {@link Content#NONE} if the method returns nothing
     */
    record Result(Content content) implements Reply {}

    /** The answer to a ping. */
    record Pong() implements Reply {}

    /**
     * The request was not carried out.
     *
     * @param message the reason, for a person
     * @param code the code
     */
    record Failed(ErrorCode code, String message) implements Reply {}

    /**
     * A message of a channel, or of the own inbox.
     *
     * @param message the message
     */
    record Received(Message message) implements Push {}

    /**
     * A signal of another member.
     *
     * @param channel the channel's name
     * @param sender the sender's name
     * @param guest whether the client is a guest
     * @param content the content
     */
    record SignalReceived(String channel, String sender, boolean guest, Content content) implements Push {
        /**
         * Of an account, or of a client of a server without accounts.
         *
         * @param channel the channel's name
         * @param sender the sender's name
         * @param content the content
         */
        public SignalReceived(String channel, String sender, Content content) {
            this(channel, sender, false, content);
        }
    }

    /**
     * A client came into a channel with its first session.
     *
     * @param channel the channel's name
     * @param client the client's name
     * @param guest whether the client is a guest
     */
    record Joined(String channel, String client, boolean guest) implements Push {
        /**
         * An account, or a client of a server without accounts.
         *
         * @param channel the channel's name
         * @param client the client's name
         */
        public Joined(String channel, String client) {
            this(channel, client, false);
        }
    }

    /**
     * A client has left a channel with its last session.
     *
     * @param channel the channel's name
     * @param client the client's name
     * @param guest whether the client is a guest
     */
    record Left(String channel, String client, boolean guest) implements Push {
        /**
         * An account, or a client of a server without accounts.
         *
         * @param channel the channel's name
         * @param client the client's name
         */
        public Left(String channel, String client) {
            this(channel, client, false);
        }
    }

    /**
     * How far the client has read a channel: the reply to a session that has said so, and told to its other sessions.
     *
     * @param channel the channel's name
     * @param mark how far
     */
    record Read(String channel, ReadMark mark) implements Reply, Push {}

    /**
     * Another member has read further.
     *
     * @param channel the channel's name
     * @param client the client's name
     * @param guest whether the client is a guest
     * @param offset the offset up to which it has read
     */
    record ReadReceipt(String channel, String client, boolean guest, long offset) implements Push {}

    /**
     * The description of a channel was changed.
     *
     * @param channel the channel's name
     * @param info the new description
     */
    record Described(String channel, ChannelInfo info) implements Push {}

    /**
     * Messages up to this position can't be had any more; the next one is the one after it, in that epoch.
     *
     * @param channel the channel's name
     * @param position the position in the channel
     */
    record Lost(String channel, Position position) implements Push {}

    /**
     * The server has ended a subscription of this session: nothing more of the channel comes.
     *
     * @param code {@link ErrorCode#FORBIDDEN} if the right that carried it is gone
     * @param message the reason, for a person
     * @param channel the channel's name
     */
    record Removed(String channel, ErrorCode code, String message) implements Push {}

    /** Something that only one protocol knows: all others have no word for it. */
    non-sealed interface Custom extends Push {}

    /**
     * The server closes the connection next.
     *
     * @param code the code
     */
    record Goodbye(CloseCode code) implements Push {}
}

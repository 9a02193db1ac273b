package io.seleucia.chat.auth;

import io.seleucia.chat.message.Content;
import java.util.Locale;
import java.util.Optional;

/** Decides about the rights of clients in channels. Called for every request, by the thread that serves the client. */
@FunctionalInterface
public interface Authorizer {
    /** The action that a client wants to perform. */
    enum Action {
        /** Receive the messages of a channel. */
        SUBSCRIBE,
        /** Publish in a channel, react to messages and reply to them. */
        PUBLISH,
        /** Read a channel's history. A client's own inbox needs no permission. */
        HISTORY,
        /** See the clients in a channel. */
        PRESENCE,
        /** Send the members of a channel a signal, which is not kept. */
        SIGNAL,
        /** Send a message to one client. */
        DIRECT,
        /** Change the content of a message of one's own. */
        EDIT,
        /** Delete a message of one's own. */
        DELETE,
        /** List channels of all servers. Asked for the prefix and {@code *} first, and then for each channel. */
        LIST,
        /** Change the description of a channel. */
        DESCRIBE,
        /**
         * Edit and delete the messages of others in a channel. Asked for every edit and deletion, before {@link #EDIT} and {@link
         * #DELETE}; a refusal is not an error then. On a server without rules and authorizer, no client may do this. An authorizer
         * that allows unknown actions makes every client a moderator.
         */
        MODERATE;

        /** {@return the word for the action in rules and in options of channels} */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * {@return whether this is allowed; if not, the reply is {@code forbidden}} May block, and delays only this client then.
     * An exception is logged, and the reply is {@code internal}.
     *
     * @param user the client, which may be a guest
     * @param action the action
     * @param channel the channel; for a direct message, {@code @} and the recipient's name; for {@link Action#LIST}, also the
     *     beginning of names and {@code *}
     * @param content the content that is to be published, signalled, sent, or put in another's place; else empty
     */
    boolean allows(User user, Action action, String channel, Optional<Content> content);
}

package io.seleucia.chat.auth;

import io.seleucia.chat.message.Content;
import java.util.Locale;
import java.util.Optional;

/** Says who may do what in which channel. Asked for every request, by the thread that serves the client. */
@FunctionalInterface
public interface Authorizer {
    /** What somebody wants to do. */
    enum Action {
        /** Receive what is published in a channel. */
        SUBSCRIBE,
        /** Publish in a channel. */
        PUBLISH,
        /** Read a channel's history. One's own inbox needs no permission. */
        HISTORY,
        /** See who is in a channel. */
        PRESENCE,
        /** Tell the members of a channel something that is not kept. */
        SIGNAL,
        /** Say something to one client alone. */
        DIRECT;

        /** As it stands in rules. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Whether this is allowed; if not, the request is answered {@code forbidden}. May block, and then this client waits
     * and nobody else does. An exception is logged, and the request answered {@code internal}.
     *
     * @param user who asks; for a guest, one that says so
     * @param channel the channel; for {@link Action#DIRECT}, {@code @} and the name of who is to receive it
     * @param content what is to be published, signalled or sent; else empty
     */
    boolean allows(User user, Action action, String channel, Optional<Content> content);
}

package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.options.ChannelOptions.Audience;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The rights of clients in channels: a client may do what the rules allow and the options of the channel leave to it. Any thread;
 * blocks as the authorizer does.
 */
public record ChannelRights(Logins logins, Channels channels) {
    private static final User READER = User.guest("guest-reader");

    /**
     * Returns whether a client may perform an action.
     *
     * @param login the client's login; empty for a guest
     * @param user returns the client's user
     * @param content the content that the action has, if it has one
     */
    boolean allow(
            Optional<Login> login, Supplier<User> user, Action action, String channel, Optional<Content> content) {
        return leave(login, user, action, channel)
                && (!logins.restrict(login) || logins.allow(user.get(), action, channel, content));
    }

    /** Returns whether the options of a channel leave an action to a client, whatever the rules say. */
    boolean leave(Optional<Login> login, Supplier<User> user, Action action, String channel) {
        Audience audience = channels.options(channel).audience(action);
        return switch (audience) {
            case EVERYBODY -> true;
            case USERS -> login.isPresent();
            case MODERATORS ->
                logins.restrict(login) && logins.allow(user.get(), Action.MODERATE, channel, Optional.empty());
            case NOBODY -> false;
        };
    }

    /**
     * Returns whether a client may read a channel: subscribe to it and, if it wants the past, read the history.
     *
     * @param login the client's login; empty for a guest
     */
    public boolean mayRead(Optional<Login> login, String channel, boolean past) {
        Supplier<User> user = () -> login.map(Login::user).orElse(READER);
        return allow(login, user, Action.SUBSCRIBE, channel, Optional.empty())
                && (!past || allow(login, user, Action.HISTORY, channel, Optional.empty()));
    }
}

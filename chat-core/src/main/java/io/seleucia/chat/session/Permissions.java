package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Request;
import java.util.Optional;

/**
 * The rights of a session's client, as a stranger, a guest or a user. Runs in the inbound loop, except for methods that any
 * thread may call, and may block as the embedding program's authenticator and authorizer do.
 */
final class Permissions {
    private final ClientIdentity identity;
    private final Logins logins;
    private final Replies replies;
    private final ChannelRights rights;
    private volatile User guest; // null until it is asked for

    Permissions(ClientIdentity identity, ChannelRights rights, Replies replies) {
        this.identity = identity;
        this.rights = rights;
        this.logins = rights.logins();
        this.replies = replies;
    }

    /** Returns whether a client may send a request: a stranger can only log in. If not, the request fails. */
    boolean mayAsk(Request request) {
        if (identity.isIn()) {
            return true;
        }
        return switch (request.command()) {
            case Command.Connect connect -> true;
            case Command.Ignored skip -> true;
            case Command.Malformed malformed -> refuse(request, "log in first, and mind that " + malformed.why());
            default -> refuse(request, "log in first");
        };
    }

    private boolean refuse(Request request, String message) {
        replies.fail(request, ErrorCode.UNAUTHORIZED, message);
        return false;
    }

    /** Returns whether an account has that name; empty if a guest may have it instead. */
    Optional<Boolean> isAccount(String name) {
        return logins.hasAccount(name).filter(account -> account || !logins.guests());
    }

    /** Returns whether the rules allow this; if not, the request fails. */
    boolean mayDo(Request request, Authorizer.Action action, String channel, Optional<Content> content) {
        if (allows(action, channel, content)) {
            return true;
        }
        replies.fail(request, ErrorCode.FORBIDDEN, refusal(channel));
        return false;
    }

    /** Returns the action that publishing a message with these attributes is. */
    static Authorizer.Action action(Attributes attributes) {
        if (attributes.ref().isEmpty()) {
            return Authorizer.Action.PUBLISH;
        }
        return switch (attributes.ref().get().kind()) {
            case REPLY, REACTION -> Authorizer.Action.PUBLISH;
            case EDIT -> Authorizer.Action.EDIT;
            case DELETE -> Authorizer.Action.DELETE;
        };
    }

    /**
     * Returns whether the rules make the client a moderator of a channel, who may edit and delete the messages of others. Without
     * rules, there are no moderators.
     *
     * @param content the new content of a message; empty for a deletion
     */
    boolean mayModerate(String channel, Optional<Content> content) {
        return logins.restrict(identity.login()) && allows(Authorizer.Action.MODERATE, channel, content);
    }

    static String refusal(String channel) {
        return "not allowed in " + channel;
    }

    /** Returns whether the rules allow an action without content. Any thread. */
    boolean allows(Authorizer.Action action, String channel) {
        return allows(action, channel, Optional.empty());
    }

    /** Returns whether the rules allow an action, and the options leave it to the client. Any thread. */
    boolean allows(Authorizer.Action action, String channel, Optional<Content> content) {
        Optional<Login> login = identity.login();
        return rights.allow(login, () -> user(login), action, channel, content);
    }

    /** Returns whether the options of a channel leave an action to the client, whatever the rules say. Any thread. */
    boolean isLeft(Authorizer.Action action, String channel) {
        Optional<Login> login = identity.login();
        return rights.leave(login, () -> user(login), action, channel);
    }

    /** Returns the client's user. */
    User user() {
        return user(identity.login());
    }

    private User user(Optional<Login> login) {
        return login.map(Login::user).orElseGet(this::guest);
    }

    /** Reports that the rules could not be asked in a review. Any thread. */
    void reviewFailed(Throwable why) {
        logins.reviewFailed(why);
    }

    private User guest() {
        String name = identity.client();
        User known = guest;
        if (known == null || !known.name().equals(name)) {
            known = User.guest(name);
            guest = known;
        }
        return known;
    }
}

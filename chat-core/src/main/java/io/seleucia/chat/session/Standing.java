package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Request;
import java.util.Optional;

/**
 * What a session's client is to the server, a stranger, a guest or a user, and what follows from it. Where something may
 * not be done, the request is answered. All of it runs in the inbound loop, and may block as the embedding program's
 * authenticator and authorizer do.
 */
final class Standing {
    private final Session session;
    private Optional<User> guest = Optional.empty(); // made where it is asked for

    Standing(Session session) {
        this.session = session;
    }

    /** Whether a request may come from this client: a stranger can only log in. */
    boolean mayAsk(Request request) {
        if (session.isIn()) {
            return true;
        }
        return switch (request.command()) {
            case Command.Connect connect -> true;
            case Command.Skip skip -> true;
            case Command.Malformed malformed -> refuse(request, "log in first, and mind that " + malformed.why());
            default -> refuse(request, "log in first");
        };
    }

    private boolean refuse(Request request, String message) {
        session.fail(request, ErrorCode.UNAUTHORIZED, message);
        return false;
    }

    /** Whether a name that a request claims, and nobody has proven, may be borne. */
    boolean mayBear(Request request, String name) {
        Logins logins = session.logins();
        // TcpChat calls by their addresses who have no names yet.
        boolean address =
                name.equals(session.address()) && logins.hasAccount(name).isEmpty();
        if (address || logins.isForGuests(name)) {
            return true;
        }
        session.fail(
                request, ErrorCode.FORBIDDEN, "a guest can't be called " + name + ": log in, or take another name");
        return false;
    }

    /** Whether a client may be called so instead of what it is called now. */
    boolean mayBecome(String name) {
        return session.login().isEmpty() && session.logins().isForGuests(name);
    }

    /** Whether there is an account of that name, or, where guests may bear it, somebody has. */
    boolean knows(String name, Broker broker) throws UnavailableException {
        Optional<Boolean> account = session.logins().hasAccount(name);
        if (account.isPresent() && (account.get() || !session.logins().guests())) {
            return account.get();
        }
        String inbox = Names.inboxOf(name);
        return !broker.members(inbox).isEmpty()
                || broker.historyBefore(inbox, Long.MAX_VALUE, 0).position().offset() > 0;
    }

    /** Whether this is allowed to do. */
    boolean mayDo(Request request, Authorizer.Action action, String channel, Optional<Content> content) {
        if (!session.logins().restrict(session.login()) || session.logins().allow(user(), action, channel, content)) {
            return true;
        }
        session.fail(request, ErrorCode.FORBIDDEN, "not allowed in " + channel);
        return false;
    }

    private User user() {
        if (session.login().isPresent()) {
            return session.login().get().user();
        }
        String name = session.participant().client();
        if (guest.isEmpty() || !guest.get().name().equals(name)) {
            guest = Optional.of(User.guest(name));
        }
        return guest.get();
    }
}

package io.seleucia.chat.client;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import java.util.function.Consumer;

/**
 * The login on a new connection: the request {@code connect} and, if the position in the inbox is unknown, a request for it.
 * Used by the client's thread only.
 */
final class Login {
    /** The result of a login. */
    sealed interface Outcome {}

    /** The client is logged in. A {@link Failed} may follow at once, if messages of the inbox are missing. */
    record Accepted() implements Outcome {}

    /** The login failed for now: another connection may succeed. */
    record Failed(String reason) implements Outcome {}

    /** The server refused the credentials. */
    record Unauthorized(String reason) implements Outcome {}

    /** The server refused the client for good. */
    record Refused(ChatException reason) implements Outcome {}

    private final DesiredState desired;
    private final PushHandler pushes;
    private final Consumer<Outcome> outcomes;

    Login(DesiredState desired, PushHandler pushes, Consumer<Outcome> outcomes) {
        this.desired = desired;
        this.pushes = pushes;
        this.outcomes = outcomes;
    }

    /** Logs in on a connection. The outcome follows when the server has answered. */
    void begin(ClientConnection connection, ClientCodec.Credentials credentials) {
        connection.ask(ClientCodec.connect(credentials, desired.inbox()), reply -> answered(connection, reply));
    }

    private void answered(ClientConnection connection, Event.Reply reply) {
        if (reply instanceof Event.Failed failed) {
            outcomes.accept(outcome(failed));
            return;
        }
        Event.Connected connected = (Event.Connected) reply;
        if (!desired.isCalled(connected.client())) {
            String message = "the login is now that of " + connected.client() + ", not of " + desired.name();
            outcomes.accept(new Refused(ChatException.of(ChatException.Reason.REFUSED, message)));
            return;
        }
        connection.agreed(connected.pingSeconds(), connected.maxMessageBytes());
        String inbox = Names.inboxOf(desired.name());
        if (desired.inbox().isEmpty()) {
            connection.ask(ClientCodec.history(inbox, HistoryRange.newest(1), false), this::inboxRead);
        } else if (connected.inbox().isEmpty()) {
            outcomes.accept(new Failed(ClientCodec.NO_CHAT_V1));
        } else {
            restoreInbox(inbox, desired.inbox().get(), connected.inbox().get());
        }
    }

    private static Outcome outcome(Event.Failed failed) {
        return switch (failed.code()) {
            case UNAUTHORIZED -> new Unauthorized(failed.message());
            case UNAVAILABLE, RATE_LIMITED, INTERNAL -> new Failed(failed.message());
            default -> new Refused(ChatException.refused(failed.code(), failed.message()));
        };
    }

    private void restoreInbox(String inbox, Position before, Event.Recovery recovery) {
        outcomes.accept(new Accepted());
        if (!recovery.recovered().orElse(false)) {
            desired.moveInboxTo(recovery.position());
            pushes.lost(inbox, before, recovery.position());
        }
    }

    /** Begins the inbox at its newest message. Earlier messages are part of its history only. */
    private void inboxRead(Event.Reply reply) {
        if (reply instanceof Event.Failed failed) {
            outcomes.accept(new Failed(failed.message()));
            return;
        }
        Position newest = ((Event.FoldedPage) reply).position();
        outcomes.accept(new Accepted());
        pushes.inboxBegins(newest).ifPresent(gap -> outcomes.accept(new Failed(gap)));
    }
}

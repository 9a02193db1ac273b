package io.seleucia.chat.server.management;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Printable;
import io.seleucia.chat.message.Reference;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Carries out an operator's commands: publish, disconnect, revoke, ban, unban, delete. Each is logged. Called by the threads
 * of the management port; blocks where the broker does.
 */
final class Actions {
    private static final Logger LOG = System.getLogger(Actions.class.getName());
    private static final long DELETION_SECONDS = 20; // less than the deadline of a response
    private static final long BAN_SECONDS = 24 * 60 * 60;
    private static final String OPERATOR = "operator";

    private final ChatServer server;

    Actions(ChatServer server) {
        this.server = server;
    }

    Map<String, Api.Route> routes() {
        return Map.of(
                "/api/publish", this::publish,
                "/api/disconnect", this::disconnect,
                "/api/revoke", this::revoke,
                "/api/ban", this::ban,
                "/api/unban", this::unban,
                "/api/delete", this::delete);
    }

    private JsonElement publish(ApiRequest request) throws HttpError, UnavailableException {
        String channel = request.neededText("channel");
        String sender = request.text("sender").orElse(OPERATOR);
        Position position = server.publish(channel, sender, new Content.Text(request.neededText("text")));
        LOG.log(Level.INFO, "an operator has published in " + channel + " as " + sender);
        return Api.json(position);
    }

    private JsonElement disconnect(ApiRequest request) throws HttpError, UnavailableException {
        String client = request.neededText("client");
        server.disconnect(client);
        return done("disconnected " + client);
    }

    private JsonElement revoke(ApiRequest request) throws HttpError, UnavailableException {
        String user = request.neededText("user");
        server.revoke(user);
        return done("revoked all logins of " + user);
    }

    private JsonElement ban(ApiRequest request) throws HttpError, UnavailableException {
        Ban.Kind kind = kind(request);
        long seconds = request.wholeNumber("seconds", 1, Ban.MAX_DURATION.toSeconds(), BAN_SECONDS);
        Ban ban = new Ban(
                kind,
                request.neededText(kind.wireName()),
                Instant.now().plusSeconds(seconds),
                request.text("reason").orElse(""));
        server.ban(ban);
        return done("banned the " + named(kind, ban.subject()) + " until " + ban.until()
                + (ban.reason().isEmpty() ? "" : ": " + Printable.line(ban.reason())));
    }

    private JsonElement unban(ApiRequest request) throws HttpError, UnavailableException {
        Ban.Kind kind = kind(request);
        String subject = request.neededText(kind.wireName());
        server.unban(kind, subject);
        return done("lifted the ban of the " + named(kind, subject));
    }

    private static String named(Ban.Kind kind, String subject) {
        return kind.wireName() + " " + Printable.line(subject);
    }

    /** Returns the kind of the only subject in the body. */
    private static Ban.Kind kind(ApiRequest request) throws HttpError {
        List<Ban.Kind> named = new ArrayList<>();
        for (Ban.Kind kind : Ban.Kind.values()) {
            if (request.text(kind.wireName()).isPresent()) {
                named.add(kind);
            }
        }
        if (named.size() != 1) {
            throw new HttpError(400, "give exactly one of account, guest and address");
        }
        return named.getFirst();
    }

    /** Deletes one message, as a moderator would: members are told. */
    private JsonElement deleteOne(String channel, long offset) throws HttpError, UnavailableException {
        Attributes attributes = Attributes.NONE.withRef(new Reference(offset, Reference.Kind.DELETE));
        try {
            server.publish(channel, OPERATOR, new Draft(Content.NONE, attributes, "", true));
        } catch (ReferenceException e) {
            throw new HttpError(404, e.getMessage());
        }
        return done("deleted message " + offset + " in " + channel);
    }

    /**
     * Deletes messages. If that takes longer than a response may, the response says {@code "done": false}, and the deletion
     * continues in a thread of its own, which logs its end.
     */
    private JsonElement delete(ApiRequest request) throws HttpError, UnavailableException {
        Optional<String> channel = request.text("channel").map(Names::normal);
        Optional<String> sender = request.text("sender").map(Names::normal);
        if (channel.isPresent() == sender.isPresent()) {
            throw new HttpError(400, "give either channel or sender");
        }
        if (channel.isPresent()) {
            Api.checked(channel.get(), Names.flawOfHistory(channel.get()));
        }
        OptionalLong offset = request.wholeNumber("offset", 1, Long.MAX_VALUE);
        if (offset.isPresent()) {
            return deleteOne(
                    channel.orElseThrow(() -> new HttpError(400, "give the channel of the message")),
                    offset.getAsLong());
        }
        String what = "the messages " + channel.map(name -> "in " + name).orElseGet(() -> "of " + sender.orElseThrow());
        FutureTask<Void> deletion = new FutureTask<>(() -> {
            try {
                if (channel.isPresent()) {
                    for (String one : Names.channelsOf(channel.get())) {
                        server.broker().delete(one);
                    }
                } else {
                    server.broker().deleteFrom(sender.orElseThrow());
                }
            } catch (UnavailableException e) {
                LOG.log(Level.WARNING, what + " could not be deleted, try again later: " + e.getMessage());
                throw e;
            } catch (RuntimeException | Error e) {
                Loop.report(LOG, "deleting " + what, e);
                throw e;
            }
            LOG.log(Level.INFO, "an operator has deleted " + what);
            return null;
        });
        Thread.ofVirtual().name("management-deletion").start(deletion);
        try {
            deletion.get(DELETION_SECONDS, TimeUnit.SECONDS);
            return Json.object("done", true);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnavailableException unavailable) {
                throw unavailable;
            }
            throw new HttpError(500, "internal error"); // the deletion has logged it
        } catch (TimeoutException | InterruptedException e) {
            return Json.object("done", false); // the deletion logs its end
        }
    }

    private static JsonObject done(String what) {
        LOG.log(Level.INFO, "an operator has " + what);
        return Json.object("done", true);
    }
}

package io.seleucia.chat.server.management;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The operator's API below {@code /api}, in JSON. Queries are GET requests, changes POST requests. */
final class Api {
    /** Answers one path. */
    @FunctionalInterface
    interface Route {
        JsonElement answer(ApiRequest request) throws HttpError, UnavailableException;
    }

    private final Map<String, Route> queries;
    private final Map<String, Route> actions;

    Api(
            ChatServer server,
            Status status,
            SessionLists sessions,
            Samples samples,
            RecentLines log,
            Optional<Users> users) {
        UserActions accounts = new UserActions(server, users);
        queries = all(
                new Queries(server, status, log, samples).routes(),
                sessions.routes(),
                new Histories(server.broker()).routes(),
                accounts.queries());
        actions = all(new Actions(server).routes(), accounts.routes());
    }

    @SafeVarargs
    private static Map<String, Route> all(Map<String, Route>... parts) {
        Map<String, Route> all = new HashMap<>();
        for (Map<String, Route> part : parts) {
            all.putAll(part);
        }
        return all;
    }

    HttpResponse answer(HttpRequest request) throws HttpError, UnavailableException {
        Route query = queries.get(request.path());
        Route action = actions.get(request.path());
        if (query == null && action == null) {
            throw new HttpError(404, "there is nothing at this path");
        }
        boolean isReading = request.isReading();
        if (isReading ? query == null : action == null || !request.method().equals("POST")) {
            throw new HttpError(405, "only " + (query == null ? "POST" : "GET") + " is allowed here");
        }
        try {
            return HttpResponse.of((isReading ? query : action).answer(ApiRequest.of(request)));
        } catch (IllegalArgumentException e) {
            throw new HttpError(400, e.getMessage()); // the server's text about an invalid name or value
        }
    }

    /** Returns the normalized name of a channel that is no inbox. */
    static String channel(String name) throws HttpError {
        return checked(name, Names.flawOfChannel(name)); // refuses inboxes: only their owners may read them
    }

    /** Returns the normalized name, unless it has a flaw. */
    static String checked(String name, Optional<String> flaw) throws HttpError {
        if (flaw.isPresent()) {
            throw new HttpError(400, flaw.get());
        }
        return Names.normal(name);
    }

    static JsonObject json(Position position) {
        return Json.object("epoch", position.epoch(), "offset", position.offset());
    }
}

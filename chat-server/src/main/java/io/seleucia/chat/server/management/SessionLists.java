package io.seleucia.chat.server.management;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.SessionSnapshot;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The sessions of this server and of all servers, and the servers themselves. Each server answers for its own sessions; a page of
 * all has the first of these in order. Called by the threads of the management port.
 */
final class SessionLists {
    private static final int MAX_PAGE = 200; // of the sessions of all servers
    private static final int PAGE = 50;
    private static final int MAX_CHARS = 64 * 1024; // of the sessions in an answer
    private static final int SHOWN_CHANNELS = 8; // of a session in an answer

    private static final Map<String, SessionSnapshot.Order> ORDERS = Map.of(
            "client", SessionSnapshot.Order.CLIENT,
            "since", SessionSnapshot.Order.NEWEST,
            "queued", SessionSnapshot.Order.QUEUED_BYTES);

    private final ChatServer server;
    private final Status status;
    private final Servers servers;

    /** A session in the list of all servers, with its sort keys. */
    private record Listed(JsonObject json, String server, SessionSnapshot.Place place) {
        static final Comparator<Listed> BY_CLIENT = Comparator.comparing((Listed it) -> it.place.client());
        static final Comparator<Listed> NEWEST =
                Comparator.comparing((Listed it) -> it.place.since()).reversed();
        static final Comparator<Listed> MOST_QUEUED = Comparator.comparingLong((Listed it) -> it.place.queuedBytes())
                .reversed()
                .thenComparing(BY_CLIENT);

        static Listed of(String server, JsonObject json) {
            return new Listed(
                    json,
                    server,
                    new SessionSnapshot.Place(
                            json.get("client").getAsString(),
                            Instant.parse(json.get("since").getAsString()),
                            json.get("queuedBytes").getAsLong(),
                            json.get("session").getAsString()));
        }

        static Comparator<Listed> comparator(SessionSnapshot.Order order) {
            Comparator<Listed> first = switch (order) {
                case CLIENT -> BY_CLIENT;
                case NEWEST -> NEWEST;
                case QUEUED_BYTES -> MOST_QUEUED;
            };
            return first.thenComparing(it -> it.place.id()).thenComparing(Listed::server);
        }

        /** Returns the place as a text that the API takes and gives. */
        String cursor() {
            JsonObject cursor = Json.object(
                    "client", place.client(),
                    "since", place.since().toString(),
                    "queuedBytes", place.queuedBytes(),
                    "session", place.id(),
                    "server", server);
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(cursor.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    /** A server's answer about its sessions. */
    private record Part(String name, int total, List<Listed> sessions, boolean more) {
        /** Returns empty if this version can't read it. */
        static Optional<Part> of(String server, JsonObject answer) {
            try {
                List<Listed> sessions = new ArrayList<>();
                answer.getAsJsonArray("sessions")
                        .forEach(one -> sessions.add(Listed.of(server, one.getAsJsonObject())));
                return Optional.of(new Part(
                        answer.get("name").getAsString(),
                        answer.get("total").getAsInt(),
                        sessions,
                        answer.get("more").getAsBoolean()));
            } catch (RuntimeException e) { // made by another version, or by hand
                return Optional.empty();
            }
        }
    }

    SessionLists(ChatServer server, Status status) {
        this.server = server;
        this.status = status;
        this.servers = new Servers(server.broker(), this::answer);
    }

    Servers servers() {
        return servers;
    }

    Map<String, Api.Route> routes() {
        return Map.of(
                "/api/sessions", this::own,
                "/api/sessions/all", this::all,
                "/api/servers", request -> serverList());
    }

    private static SessionSnapshot.Order order(Optional<String> name) throws HttpError {
        SessionSnapshot.Order order = ORDERS.get(name.orElse("client"));
        if (order == null) {
            throw new HttpError(400, "sort must be client, since or queued");
        }
        return order;
    }

    /** Returns a page of the sessions on this server. */
    private JsonElement own(ApiRequest request) throws HttpError {
        SessionSnapshot.Order order = order(request.parameter("sort"));
        String client = request.parameter("client").orElse("");
        String channel = request.parameter("channel").orElse("");
        int offset = Queries.offset(request);
        int limit = Queries.limit(request);
        SessionSnapshot.Page found = server.sessions(client, channel, order, offset, limit);
        return Queries.page(
                found.total(),
                offset,
                "sessions",
                found.page().stream()
                        .map(session -> json(session, session.channels().size())));
    }

    private static JsonObject json(SessionSnapshot session, int channels) {
        int all = session.channels().size();
        return Json.object(
                "session", session.id(),
                "client", session.client(),
                "protocol", session.protocol(),
                "address", session.address(),
                "since", session.since().toString(),
                "channels", session.channels().subList(0, Math.min(channels, all)),
                "moreChannels", all > channels ? all - channels : null,
                "queuedBytes", session.queuedBytes());
    }

    /** Returns a page of the sessions on all servers, from the beginning or after a cursor. */
    private JsonElement all(ApiRequest request) throws HttpError {
        SessionSnapshot.Order order = order(request.parameter("sort"));
        int limit = (int) request.number("limit", 1, MAX_PAGE, PAGE);
        JsonObject question = Json.object(
                "list", "sessions",
                "contains", Queries.contains(request),
                "channel", request.parameter("channel").orElse(""),
                "sort", request.parameter("sort").orElse("client"),
                "after", cursor(request.parameter("after")).orElse(null),
                "limit", limit);
        Servers.Answers answers = servers.ask(question);
        List<Listed> all = new ArrayList<>();
        int total = 0;
        int silent = answers.silent().size();
        boolean more = false;
        Map<String, String> names = new TreeMap<>();
        Optional<Listed> end = Optional.empty(); // the first place up to which an answer that was cut is complete
        for (Map.Entry<String, JsonObject> answer : answers.byServer().entrySet()) {
            Optional<Part> part = Part.of(answer.getKey(), answer.getValue());
            if (part.isEmpty()) {
                silent++;
                continue;
            }
            total += part.get().total;
            names.put(answer.getKey(), part.get().name);
            all.addAll(part.get().sessions);
            if (part.get().more && !part.get().sessions.isEmpty()) {
                more = true;
                Listed last = part.get().sessions.getLast();
                end = end.filter(earlier -> Listed.comparator(order).compare(earlier, last) <= 0)
                        .or(() -> Optional.of(last));
            }
        }
        all.sort(Listed.comparator(order));
        Optional<Listed> complete = end;
        List<Listed> page = all.stream()
                .filter(one -> complete.isEmpty() || Listed.comparator(order).compare(one, complete.get()) <= 0)
                .limit(limit)
                .toList();
        more |= page.size() < all.size();
        JsonArray rows = new JsonArray();
        for (Listed one : page) {
            one.json.addProperty("server", names.get(one.server));
            rows.add(one.json);
        }
        return Json.object(
                "total",
                total,
                "servers",
                names.size(),
                "silent",
                silent,
                "reached",
                answers.reached(),
                "sessions",
                rows,
                "after",
                more && !page.isEmpty() ? page.getLast().cursor() : null);
    }

    private static Optional<JsonObject> cursor(Optional<String> text) throws HttpError {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text.get());
            JsonObject json = JsonParser.parseString(new String(bytes, StandardCharsets.UTF_8))
                    .getAsJsonObject();
            Listed.of(json.get("server").getAsString(), json); // refuses what is none
            return Optional.of(json);
        } catch (JsonParseException
                | IllegalStateException
                | IllegalArgumentException
                | DateTimeException
                | NullPointerException
                | UnsupportedOperationException e) {
            throw new HttpError(400, "after must be the value that the page before has given");
        }
    }

    private JsonElement serverList() throws HttpError {
        Servers.Answers answers = servers.ask(Json.object("list", "servers"));
        JsonArray rows = new JsonArray();
        answers.byServer().forEach((id, one) -> {
            one.addProperty("server", id);
            one.addProperty("own", id.equals(servers.id()));
            rows.add(one);
        });
        return Json.object("servers", rows, "silent", answers.silent(), "reached", answers.reached());
    }

    /** Answers a question of this or another server. Does not block. */
    private JsonObject answer(JsonObject question) {
        return question.get("list").getAsString().equals("servers") ? status.summary() : sessions(question);
    }

    private JsonObject sessions(JsonObject question) {
        SessionSnapshot.Order order =
                ORDERS.getOrDefault(question.get("sort").getAsString(), SessionSnapshot.Order.CLIENT);
        int limit = Math.clamp(question.get("limit").getAsLong(), 1, MAX_PAGE);
        Optional<Listed> after = Optional.ofNullable(question.getAsJsonObject("after"))
                .map(json -> Listed.of(json.get("server").getAsString(), json));
        boolean inclusive =
                after.isPresent() && servers.id().compareTo(after.get().server) > 0; // the last key of the order
        SessionSnapshot.Page found = server.sessions(new SessionSnapshot.Query(
                question.get("contains").getAsString(),
                question.get("channel").getAsString(),
                order,
                after.map(Listed::place),
                inclusive,
                limit + 1));
        JsonArray page = new JsonArray();
        long chars = 0;
        boolean more = found.page().size() > limit;
        for (SessionSnapshot session :
                found.page().subList(0, Math.min(limit, found.page().size()))) {
            JsonObject json = json(session, SHOWN_CHANNELS);
            chars += json.toString().length();
            if (chars > MAX_CHARS && !page.isEmpty()) {
                more = true;
                break;
            }
            page.add(json);
        }
        return Json.object("name", status.name(), "total", found.total(), "sessions", page, "more", more);
    }
}

package io.seleucia.chat.server.management;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.OpenSession;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;

/** What an operator can ask and do below {@code /api}, in JSON. Lists are given page by page. */
final class Api {
    private static final Logger LOG = System.getLogger(Api.class.getName());
    private static final int MAX_PAGE = 1_000;
    private static final int PAGE = 100;
    private static final int PAGE_CHARS = 512 * 1024; // of messages as they are sent
    private static final int PART = 8;
    private static final long DELETION_SECONDS = 20; // less than an answer may take
    private static final String OPERATOR = "operator";

    private static final Map<String, Comparator<OpenSession>> ORDERS = Map.of(
            "client", Comparator.comparing(OpenSession::client).thenComparing(OpenSession::id),
            "since", Comparator.comparing(OpenSession::since).reversed().thenComparing(OpenSession::id),
            "queued",
                    Comparator.comparingLong(OpenSession::queuedBytes)
                            .reversed()
                            .thenComparing(OpenSession::client)
                            .thenComparing(OpenSession::id));

    /** What answers one path. */
    @FunctionalInterface
    private interface Route {
        JsonElement answer(Question question) throws Refusal, UnavailableException;
    }

    private final ChatServer server;
    private final RecentLines log;
    private final Semaphore readingHistory = new Semaphore(2); // what is made of a page takes some times its size
    private final Map<String, Route> reading;
    private final Map<String, Route> changing;

    Api(ChatServer server, Health health, RecentLines log) {
        this.server = server;
        this.log = log;
        Status status = new Status(server, health);
        reading = Map.of(
                "/api/status", question -> status.json(),
                "/api/sessions", this::sessions,
                "/api/channels", this::channels,
                "/api/members", this::members,
                "/api/history", this::history,
                "/api/log", this::log);
        changing = Map.of(
                "/api/publish", this::publish,
                "/api/disconnect", this::disconnect,
                "/api/revoke", this::revoke,
                "/api/delete", this::delete);
    }

    Answer answer(Request request) throws Refusal, UnavailableException {
        String path = request.path();
        Route asked = reading.get(path);
        Route changed = changing.get(path);
        if (asked == null && changed == null) {
            throw new Refusal(404, "there is nothing at this path");
        }
        boolean isReading = request.isReading();
        if (isReading ? asked == null : changed == null || !request.method().equals("POST")) {
            throw new Refusal(405, "only " + (asked == null ? "POST" : "GET") + " is allowed here");
        }
        try {
            return Answer.of((isReading ? asked : changed).answer(Question.of(request)));
        } catch (IllegalArgumentException e) {
            throw new Refusal(400, e.getMessage()); // the server's words for a name or a text that won't do
        }
    }

    private JsonElement sessions(Question question) throws Refusal {
        Comparator<OpenSession> order = ORDERS.get(question.parameter("sort").orElse("client"));
        if (order == null) {
            throw new Refusal(400, "sort must be client, since or queued");
        }
        Optional<String> client = question.parameter("client");
        Optional<String> channel = question.parameter("channel");
        Predicate<OpenSession> wanted =
                session -> client.map(session.client()::equals).orElse(true)
                        && channel.map(session.channels()::contains).orElse(true);
        List<OpenSession> found =
                server.sessions().stream().filter(wanted).sorted(order).toList();
        return page(question, "sessions", found, Api::json);
    }

    private static JsonObject json(OpenSession session) {
        JsonObject json = new JsonObject();
        json.addProperty("session", session.id());
        json.addProperty("client", session.client());
        json.addProperty("protocol", session.protocol());
        json.addProperty("address", session.address());
        json.addProperty("since", session.since().toString());
        JsonArray channels = new JsonArray();
        session.channels().forEach(channels::add);
        json.add("channels", channels);
        json.addProperty("queuedBytes", session.queuedBytes());
        return json;
    }

    private JsonElement channels(Question question) throws Refusal {
        String text = question.parameter("contains").orElse("").toLowerCase(Locale.ROOT);
        List<Map.Entry<String, Integer>> found = server.channels().entrySet().stream()
                .filter(entry -> entry.getKey().toLowerCase(Locale.ROOT).contains(text))
                .sorted(Map.Entry.<String, Integer>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey()))
                .toList();
        return page(question, "channels", found, entry -> {
            JsonObject json = new JsonObject();
            json.addProperty("channel", entry.getKey());
            json.addProperty("sessions", entry.getValue());
            return json;
        });
    }

    private static <T> JsonObject page(Question question, String name, List<T> all, Function<T, JsonElement> as)
            throws Refusal {
        long offset = question.number("offset", 0, Integer.MAX_VALUE, 0);
        long limit = question.number("limit", 0, MAX_PAGE, PAGE);
        JsonArray page = new JsonArray();
        all.stream().skip(offset).limit(limit).map(as).forEach(page::add);
        JsonObject json = new JsonObject();
        json.addProperty("total", all.size());
        json.addProperty("offset", offset);
        json.add(name, page);
        return json;
    }

    /** Who is in a channel, on all servers. */
    private JsonElement members(Question question) throws Refusal, UnavailableException {
        List<Map.Entry<String, Integer>> members = List.copyOf(
                server.broker().members(channel(question.needed("channel"))).entrySet());
        return page(question, "members", members, member -> {
            JsonObject json = new JsonObject();
            json.addProperty("client", member.getKey());
            json.addProperty("sessions", member.getValue());
            return json;
        });
    }

    private JsonElement history(Question question) throws Refusal, UnavailableException {
        String channel = channel(question.needed("channel"));
        long before = question.number("before", 1, Long.MAX_VALUE, Long.MAX_VALUE);
        int limit = (int) question.number("limit", 0, MAX_PAGE, PAGE);
        try {
            readingHistory.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Refusal(503, "the server is shutting down");
        }
        try {
            return history(channel, before, limit);
        } finally {
            readingHistory.release();
        }
    }

    /**
     * Returns the newest messages before an offset. They are read a few at a time, until there are enough, or they are too
     * large together: there is one at least, and {@code before} says where the next page begins, if there may be one.
     */
    private JsonObject history(String channel, long before, int limit) throws UnavailableException {
        List<JsonElement> newestFirst = new ArrayList<>();
        Broker.Page part = server.broker().historyBefore(channel, before, Math.min(PART, limit));
        JsonObject json = json(part.position());
        long next = before;
        long size = 0;
        while (size < PAGE_CHARS && !part.messages().isEmpty()) {
            for (Message message : part.messages().reversed()) {
                JsonElement written = json(message);
                size += written.toString().length();
                if (size < PAGE_CHARS || newestFirst.isEmpty()) {
                    newestFirst.add(written);
                    next = message.position().offset();
                }
            }
            part = server.broker().historyBefore(channel, next, Math.min(PART, limit - newestFirst.size()));
        }
        json.addProperty("channel", channel);
        JsonArray messages = new JsonArray();
        newestFirst.reversed().forEach(messages::add);
        json.add("messages", messages);
        if (!newestFirst.isEmpty() && next > 1) {
            json.addProperty("before", next);
        }
        return json;
    }

    private static String channel(String name) throws Refusal {
        Optional<String> flaw = Names.flawOfChannel(name);
        if (flaw.isPresent()) {
            throw new Refusal(400, flaw.get()); // an inbox, too: it is its owner's alone
        }
        return name;
    }

    private static JsonObject json(Message message) {
        JsonObject json = new JsonObject();
        json.addProperty("offset", message.position().offset());
        json.addProperty("time", Instant.ofEpochMilli(message.time()).toString());
        json.addProperty("sender", message.sender());
        switch (message.content()) {
            case Content.Text text -> json.addProperty("text", text.asText());
            case Content.Json data -> json.add("data", JsonParser.parseString(data.asText()));
        }
        return json;
    }

    private static JsonObject json(Position position) {
        JsonObject json = new JsonObject();
        json.addProperty("epoch", position.epoch());
        json.addProperty("offset", position.offset());
        return json;
    }

    private JsonElement log(Question question) throws Refusal {
        JsonArray lines = new JsonArray();
        for (RecentLines.Line line : log.after(question.number("after", 0, Long.MAX_VALUE, 0))) {
            JsonObject json = new JsonObject();
            json.addProperty("number", line.number());
            json.addProperty("text", line.text());
            lines.add(json);
        }
        JsonObject json = new JsonObject();
        json.add("lines", lines);
        return json;
    }

    private JsonElement publish(Question question) throws Refusal, UnavailableException {
        String channel = question.neededText("channel");
        String sender = question.text("sender").orElse(OPERATOR);
        Position position = server.publish(channel, sender, new Content.Text(question.neededText("text")));
        LOG.log(Level.INFO, "an operator has published in " + channel + " as " + sender);
        return json(position);
    }

    private JsonElement disconnect(Question question) throws Refusal, UnavailableException {
        String client = question.neededText("client");
        server.disconnect(client);
        LOG.log(Level.INFO, "an operator has disconnected " + client);
        return done(true);
    }

    private JsonElement revoke(Question question) throws Refusal, UnavailableException {
        String user = question.neededText("user");
        server.revoke(user);
        LOG.log(Level.INFO, "an operator has revoked what " + user + " is logged in with");
        return done(true);
    }

    /** Deletes what was said. That may take minutes, and goes on when the answer has been given. */
    private JsonElement delete(Question question) throws Refusal, UnavailableException {
        Optional<String> channel = question.text("channel");
        Optional<String> sender = question.text("sender");
        if (channel.isPresent() == sender.isPresent()) {
            throw new Refusal(400, "name a channel or a sender, and not both");
        }
        if (channel.isPresent()) {
            Optional<String> flaw = Names.flawOfHistory(channel.get());
            if (flaw.isPresent()) {
                throw new Refusal(400, flaw.get());
            }
        }
        String what = "the messages " + channel.map(name -> "in " + name).orElseGet(() -> "of " + sender.orElseThrow());
        FutureTask<Void> deletion = new FutureTask<>(() -> {
            try {
                if (channel.isPresent()) {
                    server.broker().delete(channel.get());
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
            return done(true);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnavailableException unavailable) {
                throw unavailable;
            }
            throw new Refusal(500, "internal error"); // which is logged
        } catch (TimeoutException | InterruptedException e) {
            return done(false); // the log says when it is
        }
    }

    private static JsonObject done(boolean done) {
        JsonObject json = new JsonObject();
        json.addProperty("done", done);
        return json;
    }
}

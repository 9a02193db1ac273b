package io.seleucia.chat.server.management;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Answers an operator's queries for the messages of a channel. Called by the threads of the management port; blocks as the broker does. */
final class Histories {
    private static final int PAGE_CHARS = 512 * 1024; // of messages as JSON
    private static final int BATCH = 8; // messages read at a time
    private static final Duration PATIENCE = Duration.ofSeconds(50); // less than the deadline of a response

    private final Broker broker;
    // A page takes several times its size while it is built.
    private final Bulkhead<HttpError> reading = new Bulkhead<>(2, PATIENCE, "read histories", HttpError::busy);

    Histories(Broker broker) {
        this.broker = broker;
    }

    Map<String, Api.Route> routes() {
        return Map.of("/api/history", this::history);
    }

    private JsonElement history(ApiRequest request) throws HttpError, UnavailableException {
        String channel = Api.channel(request.needed("channel"));
        boolean forward = request.parameter("after").isPresent();
        if (forward && request.parameter("before").isPresent()) {
            throw new HttpError(400, "give either before or after");
        }
        long before = request.number("before", 1, Long.MAX_VALUE, Long.MAX_VALUE);
        long after = request.number("after", 0, Long.MAX_VALUE, 0);
        int limit = Queries.limit(request);
        reading.enter();
        try {
            return forward ? after(channel, after, limit) : before(channel, before, limit);
        } finally {
            reading.leave();
        }
    }

    /**
     * Returns the newest messages before an offset. Reads a few at a time until there are enough, or the page is full. A
     * page has at least one message; {@code before} says where the next page begins, if there may be one.
     */
    private JsonObject before(String channel, long before, int limit) throws UnavailableException {
        List<JsonElement> newestFirst = new ArrayList<>();
        Broker.Page part = broker.historyBefore(channel, before, Math.min(BATCH, limit));
        Position newest = part.position();
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
            part = broker.historyBefore(channel, next, Math.min(BATCH, limit - newestFirst.size()));
        }
        JsonObject page = page(channel, newest, newestFirst.reversed());
        if (!newestFirst.isEmpty() && next > 1) {
            page.addProperty("before", next);
        }
        return page;
    }

    /** Returns the oldest messages after an offset, as {@link #before} does; {@code after} says where the next page begins. */
    private JsonObject after(String channel, long after, int limit) throws UnavailableException {
        List<JsonElement> messages = new ArrayList<>();
        Broker.Page part = broker.historyAfter(channel, after, Math.min(BATCH, limit));
        Position newest = part.position();
        long next = after;
        long size = 0;
        while (size < PAGE_CHARS && !part.messages().isEmpty()) {
            for (Message message : part.messages()) {
                JsonElement written = json(message);
                size += written.toString().length();
                if (size < PAGE_CHARS || messages.isEmpty()) {
                    messages.add(written);
                    next = message.position().offset();
                }
            }
            part = broker.historyAfter(channel, next, Math.min(BATCH, limit - messages.size()));
        }
        JsonObject page = page(channel, newest, messages);
        if (!messages.isEmpty() && next < newest.offset()) {
            page.addProperty("after", next);
        }
        return page;
    }

    private static JsonObject page(String channel, Position newest, List<JsonElement> messages) {
        return Json.object(
                "epoch", newest.epoch(), "offset", newest.offset(), "channel", channel, "messages", messages);
    }

    private static JsonObject json(Message message) {
        Attributes attributes = message.attributes();
        JsonObject json = Json.object(
                "offset", message.position().offset(),
                "time", Instant.ofEpochMilli(message.time()).toString(),
                "sender", message.sender(),
                "guest", message.guest() ? true : null,
                "headers", attributes.headers().isEmpty() ? null : attributes.headers(),
                "ref", attributes.ref().map(Histories::json).orElse(null),
                "deleted", attributes.deleted().map(Histories::json).orElse(null));
        switch (message.content()) {
            case Content.Text text -> json.addProperty("text", text.asText());
            case Content.Json data -> json.add("data", JsonParser.parseString(data.asText()));
            case Content.None none -> {}
        }
        return json;
    }

    private static JsonObject json(Reference ref) {
        return Json.object(
                "offset", ref.offset(),
                "kind", ref.kind().word(),
                "remove", ref.remove() ? true : null);
    }

    private static JsonObject json(Attributes.Deleted deleted) {
        return Json.object(
                "by", deleted.by(),
                "time", Instant.ofEpochMilli(deleted.time()).toString());
    }
}

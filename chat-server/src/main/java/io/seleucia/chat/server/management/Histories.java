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

    /** Reads some messages of a channel, beyond an offset. */
    @FunctionalInterface
    private interface Reading {
        Broker.Page read(long from, int limit) throws UnavailableException;
    }

    /**
     * Messages in the order in which they were read.
     *
     * @param newest the channel's newest position
     * @param last the offset of the last one; where the reading began if there are none
     */
    private record Read(Position newest, List<JsonElement> messages, long last) {}

    /** Returns the newest messages before an offset; {@code before} says where the next page begins, if there may be one. */
    private JsonObject before(String channel, long before, int limit) throws UnavailableException {
        Read read = read(before, limit, (from, most) -> {
            Broker.Page part = broker.historyBefore(channel, from, most);
            return new Broker.Page(part.position(), part.messages().reversed());
        });
        JsonObject page = page(channel, read.newest, read.messages.reversed());
        if (!read.messages.isEmpty() && read.last > 1) {
            page.addProperty("before", read.last);
        }
        return page;
    }

    /** Returns the oldest messages after an offset; {@code after} says where the next page begins, if there may be one. */
    private JsonObject after(String channel, long after, int limit) throws UnavailableException {
        Read read = read(after, limit, (from, most) -> broker.historyAfter(channel, from, most));
        JsonObject page = page(channel, read.newest, read.messages);
        if (!read.messages.isEmpty() && read.last < read.newest.offset()) {
            page.addProperty("after", read.last);
        }
        return page;
    }

    /** Reads a few messages at a time until there are enough, or the page is full: it has at least one, if there is one. */
    private static Read read(long from, int limit, Reading reading) throws UnavailableException {
        List<JsonElement> messages = new ArrayList<>();
        Broker.Page part = reading.read(from, Math.min(BATCH, limit));
        Position newest = part.position();
        long last = from;
        long size = 0;
        while (size < PAGE_CHARS && !part.messages().isEmpty()) {
            for (Message message : part.messages()) {
                JsonElement written = json(message);
                size += written.toString().length();
                if (size < PAGE_CHARS || messages.isEmpty()) {
                    messages.add(written);
                    last = message.position().offset();
                }
            }
            part = reading.read(last, Math.min(BATCH, limit - messages.size()));
        }
        return new Read(newest, messages, last);
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

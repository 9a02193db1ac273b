package io.seleucia.chat.broker.redis;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonWriter;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The JSON of messages in Redis, the same in the history and in pub/sub: {@code
 * {"epoch":"e","offset":46,"time":1763697600123,"sender":"ada","data":"hi"}}, with {@code "guest":true} after the
 * sender if it is a guest. The script writes the first three fields, and this class the others.
 */
final class MessageCodec {
    /** The sender of text that a person publishes with redis-cli. */
    private static final String REDIS_CLI = "redis";

    /** A message whose data is not JSON: earlier versions stored any text that their program passed. */
    private static final Pattern WITH_OTHER_DATA = Pattern.compile(
            "(?s)(\\{\"epoch\":.*?,\"sender\":\"(?:[^\"\\\\]|\\\\.)*+\"(?:,\"guest\":true)?),\"data\":(.*)}");

    private MessageCodec() {}

    /** An incoming pub/sub message. */
    sealed interface Live {
        record Published(Message message) implements Live {}

        record Signalled(Broker.Signal signal) implements Live {}

        /** A client's first session has joined; the client as {@link Sender#key}. */
        record Joined(String client) implements Live {}

        /** A client's last session has left; the client as {@link Sender#key}. */
        record Left(String client) implements Live {}
    }

    /** Returns the fields after the time, and the closing brace. */
    static String encode(Sender sender, Content content) {
        return write("", "", sender, content).substring(1);
    }

    static String encode(Broker.Signal signal) {
        return write("signal", signal.origin(), signal.sender(), signal.content());
    }

    private static String write(String name, String value, Sender sender, Content content) {
        StringWriter text = new StringWriter();
        JsonWriter json = new JsonWriter(text);
        try {
            json.beginObject();
            if (!name.isEmpty()) {
                json.name(name).value(value);
            }
            json.name("sender").value(sender.name());
            if (sender.guest()) {
                json.name("guest").value(true);
            }
            json.name("data");
            switch (content) {
                case Content.Text string -> json.value(string.asText());
                case Content.Json other -> json.jsonValue(other.asText());
            }
            json.endObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter does not fail", e);
        }
        return text.toString();
    }

    /** Decodes a message of the history. */
    static Message decode(String channel, String text) {
        return live(channel, text) instanceof Live.Published published ? published.message() : byHand(channel, text);
    }

    /** Decodes a pub/sub message. Text of any other form is a message from redis-cli. */
    static Live live(String channel, String text) {
        if (text.startsWith("{\"")) {
            try {
                JsonObject json = json(text);
                if (text.startsWith("{\"epoch\":")) {
                    return new Live.Published(message(channel, json));
                } else if (text.startsWith("{\"signal\":")) {
                    return new Live.Signalled(new Broker.Signal(
                            json.get("signal").getAsString(), sender(json), content(json.get("data"))));
                } else if (text.startsWith("{\"joined\":")) {
                    return new Live.Joined(json.get("joined").getAsString());
                } else if (text.startsWith("{\"left\":")) {
                    return new Live.Left(json.get("left").getAsString());
                }
            } catch (IOException | RuntimeException e) {
                // A field is missing or of another type, so it is text like any other.
            }
        }
        return new Live.Published(byHand(channel, text));
    }

    /** Parses an object. Data that is not JSON becomes a string, so that the message keeps its position. */
    private static JsonObject json(String text) throws IOException {
        try {
            return StrictJson.parse(text, StrictJson.MAX_NESTING).getAsJsonObject();
        } catch (IOException e) {
            Matcher fields = WITH_OTHER_DATA.matcher(text);
            if (!fields.matches()) {
                throw e;
            }
            JsonObject json = StrictJson.parse(fields.group(1) + "}", 1).getAsJsonObject();
            json.addProperty("data", Content.Text.ofAny(fields.group(2)).asText());
            return json;
        }
    }

    private static Message message(String channel, JsonObject json) {
        Sender sender = sender(json);
        return new Message(
                channel,
                new Position(json.get("epoch").getAsString(), json.get("offset").getAsLong()),
                sender.name(),
                sender.guest(),
                json.get("time").getAsLong(),
                content(json.get("data")));
    }

    /** Returns the sender. Servers of earlier versions never write that it is a guest. */
    private static Sender sender(JsonObject json) {
        JsonElement guest = json.get("guest");
        return new Sender(json.get("sender").getAsString(), guest != null && guest.getAsBoolean());
    }

    private static Message byHand(String channel, String text) {
        return new Message(channel, Position.NONE, REDIS_CLI, System.currentTimeMillis(), Content.Text.ofAny(text));
    }

    private static Content content(JsonElement data) {
        return data instanceof JsonPrimitive primitive && primitive.isString()
                ? new Content.Text(primitive.getAsString())
                : Content.Json.ofValid(data.toString());
    }
}

package io.seleucia.chat.broker;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonWriter;
import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A message as it stands in Redis, in the history and in pub/sub alike: {@code
 * {"epoch":"e","offset":46,"time":1763697600123,"sender":"ada","data":"hi"}}. The script writes the first three fields,
 * this class the others.
 */
final class RedisMessage {
    /** Who speaks when a person pushes text with redis-cli. */
    private static final String BY_HAND = "redis";

    /** The fields of a message whose data is not JSON: a server before this version stored what its program gave it. */
    private static final Pattern WITH_OTHER_DATA =
            Pattern.compile("(?s)(\\{\"epoch\":.*?,\"sender\":\"(?:[^\"\\\\]|\\\\.)*+\"),\"data\":(.*)}");

    private RedisMessage() {}

    /** What may come by pub/sub. */
    sealed interface Live {
        /** A message with its place in the history, or one that a person pushed. */
        record Published(Message message) implements Live {}

        /** A signal. */
        record Signalled(Broker.Signal signal) implements Live {}

        /** The first session of a client has come. */
        record Joined(String client) implements Live {}

        /** The last session of a client has gone. */
        record Left(String client) implements Live {}
    }

    /** The fields after the time, and the closing brace. */
    static String encode(String sender, Content content) {
        return write(json -> {
                    json.beginObject();
                    json.name("sender").value(sender);
                    data(json, content);
                    json.endObject();
                })
                .substring(1);
    }

    static String encode(Broker.Signal signal) {
        return write(json -> {
            json.beginObject();
            json.name("signal").value(signal.origin());
            json.name("sender").value(signal.sender());
            data(json, signal.content());
            json.endObject();
        });
    }

    private static void data(JsonWriter json, Content content) throws IOException {
        json.name("data");
        switch (content) {
            case Content.Text text -> json.value(text.asText());
            case Content.Json value -> json.jsonValue(value.asText());
        }
    }

    private interface Writing {
        void to(JsonWriter json) throws IOException;
    }

    private static String write(Writing writing) {
        StringWriter text = new StringWriter();
        try {
            writing.to(new JsonWriter(text));
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter does not fail", e);
        }
        return text.toString();
    }

    /** A message of the history. */
    static Message decode(String channel, String text) {
        return live(channel, text) instanceof Live.Published published ? published.message() : byHand(channel, text);
    }

    /** What came by pub/sub; text that is none of ours is a message that a person pushed by hand. */
    static Live live(String channel, String text) {
        if (text.startsWith("{\"")) {
            try {
                JsonObject json = json(text);
                if (text.startsWith("{\"epoch\":")) {
                    return new Live.Published(message(channel, json));
                } else if (text.startsWith("{\"signal\":")) {
                    return new Live.Signalled(new Broker.Signal(
                            json.get("signal").getAsString(),
                            json.get("sender").getAsString(),
                            content(json.get("data"))));
                } else if (text.startsWith("{\"joined\":")) {
                    return new Live.Joined(json.get("joined").getAsString());
                } else if (text.startsWith("{\"left\":")) {
                    return new Live.Left(json.get("left").getAsString());
                }
            } catch (IOException | RuntimeException e) {
                // A field is missing or of another kind: then it is text like any other.
            }
        }
        return new Live.Published(byHand(channel, text));
    }

    /** Reads an object. The data of a message that can't be read becomes a string, so that the message keeps its place. */
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
        return new Message(
                channel,
                new Position(json.get("epoch").getAsString(), json.get("offset").getAsLong()),
                json.get("sender").getAsString(),
                json.get("time").getAsLong(),
                content(json.get("data")));
    }

    private static Message byHand(String channel, String text) {
        return new Message(channel, Position.NONE, BY_HAND, System.currentTimeMillis(), Content.Text.ofAny(text));
    }

    private static Content content(JsonElement data) {
        return data instanceof JsonPrimitive primitive && primitive.isString()
                ? new Content.Text(primitive.getAsString())
                : Content.Json.ofValid(data.toString());
    }
}

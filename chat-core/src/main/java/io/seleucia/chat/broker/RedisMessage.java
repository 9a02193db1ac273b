package io.seleucia.chat.broker;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonWriter;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/**
 * A message as it stands in Redis, in the history and in pub/sub alike: {@code
 * {"epoch":"e","offset":46,"time":1763697600123,"sender":"ada","data":"hi"}}. The script writes the first three fields,
 * this class the others.
 */
final class RedisMessage {
    /** Who speaks when a person pushes text with redis-cli. */
    private static final String BY_HAND = "redis";

    private RedisMessage() {}

    /** The fields after the time, and the closing brace. */
    static String encode(String sender, Content content) {
        StringWriter text = new StringWriter();
        try {
            JsonWriter json = new JsonWriter(text);
            json.beginObject();
            json.name("sender").value(sender);
            json.name("data");
            switch (content) {
                case Content.Text plain -> json.value(plain.asText());
                case Content.Json value -> json.jsonValue(value.asText());
            }
            json.endObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter does not fail", e);
        }
        return text.toString().substring(1);
    }

    /** A message that was published; text that is none of ours is a message that a person pushed by hand. */
    static Message decode(String channel, String text) {
        if (text.startsWith("{\"epoch\":")) {
            try {
                JsonObject json = JsonParser.parseString(text).getAsJsonObject();
                return new Message(
                        channel,
                        new Position(
                                json.get("epoch").getAsString(),
                                json.get("offset").getAsLong()),
                        json.get("sender").getAsString(),
                        json.get("time").getAsLong(),
                        content(json.get("data")));
            } catch (JsonParseException | IllegalStateException | NumberFormatException | NullPointerException e) {
                // A field is missing or of another kind: then it is text like any other.
            }
        }
        return new Message(channel, Position.NONE, BY_HAND, System.currentTimeMillis(), new Content.Text(text));
    }

    private static Content content(JsonElement data) {
        return data instanceof JsonPrimitive primitive && primitive.isString()
                ? new Content.Text(primitive.getAsString())
                : new Content.Json(data.toString());
    }
}

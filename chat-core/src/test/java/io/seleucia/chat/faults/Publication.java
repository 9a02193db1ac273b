package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;

/**
 * A message that somebody publishes until it is acknowledged, under the same key.
 *
 * @param channel a channel, or the inbox {@code @name} of a member
 * @param id the key, which is also how the content begins
 * @param padding what the content goes on with
 */
record Publication(String channel, String id, int padding) {
    boolean isDirect() {
        return channel.startsWith("@");
    }

    /** The request, but for its id. */
    JsonObject request() {
        JsonObject request = new JsonObject();
        if (isDirect()) {
            request.addProperty("type", "direct");
            request.addProperty("to", channel.substring(1));
        } else {
            request.addProperty("type", "publish");
            request.addProperty("channel", channel);
        }
        request.addProperty("key", id);
        request.addProperty("data", content());
        return request;
    }

    /** What it says. */
    String content() {
        return id + " " + ".".repeat(padding);
    }

    /** The id of the publication that became this message; of an operator's deletion, one that says of what. */
    static String idOf(JsonObject message) {
        return message.has("data")
                ? idOf(message.get("data").getAsString())
                : "deletion-" + message.getAsJsonObject("ref").get("offset").getAsLong();
    }

    /** The same, of a message of the library. */
    static String idOf(Message message) {
        return message.content().equals(Content.NONE)
                ? "deletion-" + message.attributes().ref().orElseThrow().offset()
                : idOf(message.content().asText());
    }

    /** The id of the publication with this content. */
    static String idOf(String data) {
        return data.substring(0, data.indexOf(' '));
    }
}

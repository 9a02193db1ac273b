package io.seleucia.chat.faults;

import com.google.gson.JsonObject;

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

    /** The id of the publication that became this message. */
    static String idOf(JsonObject message) {
        return idOf(message.get("data").getAsString());
    }

    /** The id of the publication with this content. */
    static String idOf(String data) {
        return data.substring(0, data.indexOf(' '));
    }
}

package io.seleucia.chat.server.management;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;

/**
 * What a request is answered with.
 *
 * @param status of HTTP (RFC 9110 §15)
 * @param type the content type
 */
record Answer(int status, String type, byte[] body) {
    private static final String JSON = "application/json";

    static Answer of(JsonElement json) {
        return of(200, json);
    }

    static Answer of(int status, JsonElement json) {
        return new Answer(status, JSON, json.toString().getBytes(StandardCharsets.UTF_8));
    }

    static Answer of(Refusal refusal) {
        JsonObject error = new JsonObject();
        error.addProperty("error", refusal.getMessage());
        return of(refusal.status(), error);
    }

    static Answer text(String type, String text) {
        return new Answer(200, type, text.getBytes(StandardCharsets.UTF_8));
    }
}

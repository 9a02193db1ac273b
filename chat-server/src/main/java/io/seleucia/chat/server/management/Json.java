package io.seleucia.chat.server.management;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

/** Makes objects of JSON. */
final class Json {
    private static final Gson GSON = new GsonBuilder().serializeNulls().create(); // of nested data

    private Json() {}

    /**
     * Returns an object.
     *
     * @param fields names and values in turn; a value may be JSON, text, a number, a boolean, or a collection, map or record
     *     of these. A field whose value is null is left out
     */
    static JsonObject object(Object... fields) {
        JsonObject object = new JsonObject();
        for (int i = 0; i < fields.length; i += 2) {
            if (fields[i + 1] != null) {
                object.add(
                        (String) fields[i],
                        fields[i + 1] instanceof JsonElement json ? json : GSON.toJsonTree(fields[i + 1]));
            }
        }
        return object;
    }
}

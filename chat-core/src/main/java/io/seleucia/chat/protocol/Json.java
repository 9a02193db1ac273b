package io.seleucia.chat.protocol;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.TypeAdapter;
import com.google.gson.reflect.TypeToken;
import com.google.gson.stream.JsonWriter;
import io.seleucia.chat.json.StrictJson;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.Type;
import java.util.Optional;

/** What protocols read and write as {@linkplain StrictJson strict JSON}. */
final class Json {
    private static final Gson GSON =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    private static final TypeAdapter<JsonElement> ELEMENT = GSON.getAdapter(JsonElement.class);

    private Json() {}

    /** Input that is not what it should be; the message says so to whoever sent it. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;

        MalformedException(String message) {
            super(message, null, false, false);
        }
    }

    /** Writes one JSON value. */
    interface Writing {
        void to(JsonWriter json) throws IOException;
    }

    /**
     * Reads a text that is one JSON value.
     *
     * @param what the name of the text, for the error
     */
    static JsonElement parse(String text, String what) throws MalformedException {
        try {
            return StrictJson.parse(text, StrictJson.MAX_NESTING);
        } catch (IOException e) {
            // Gson's words are for programmers, and quote the input: ours are for the one who sent it.
            throw new MalformedException(what + " is not valid JSON");
        }
    }

    /**
     * How a type is read from JSON.
     *
     * @throws RuntimeException if Gson does not know
     */
    static TypeAdapter<?> adapter(Type type) {
        return GSON.getAdapter(TypeToken.get(type));
    }

    /**
     * A value as an object of some type. It is read from its text, for from elements Gson cuts numbers to size that do
     * not fit.
     *
     * @param rule what the sender is told if it can't be
     */
    static Object bind(TypeAdapter<?> adapter, JsonElement value, String rule) throws MalformedException {
        try {
            Object bound = adapter.read(StrictJson.reader(text(value), StrictJson.MAX_NESTING));
            if (bound != null || value.isJsonNull()) {
                return bound;
            }
        } catch (IOException | RuntimeException e) {
            // Gson's words, or those of a constructor, are for programmers; and nothing is wrong with the server.
        }
        throw new MalformedException(rule);
    }

    /** Whatever Gson can write, as JSON text. */
    static String text(Object value) {
        return GSON.toJson(value);
    }

    /** A field that must be there, and be a string. */
    static String string(JsonObject object, String name) throws MalformedException {
        return optionalString(object, name).orElseThrow(() -> new MalformedException(name + " is missing"));
    }

    /** A field that is a string if it is there; null is as good as nothing. */
    static Optional<String> optionalString(JsonObject object, String name) throws MalformedException {
        JsonElement value = object.get(name);
        if (value == null || value.isJsonNull()) {
            return Optional.empty();
        }
        if (value instanceof JsonPrimitive primitive && primitive.isString()) {
            return Optional.of(primitive.getAsString());
        }
        throw new MalformedException(name + " must be a string");
    }

    /** Writes a value that was read. */
    static void write(JsonWriter json, JsonElement value) throws IOException {
        ELEMENT.write(json, value);
    }

    /** Writes one JSON object with these fields. */
    static String writeObject(Writing fields) {
        return write(json -> {
            json.beginObject();
            fields.to(json);
            json.endObject();
        });
    }

    static String write(Writing writing) {
        StringWriter text = new StringWriter();
        try {
            writing.to(new JsonWriter(text));
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter does not fail", e);
        }
        return text.toString();
    }
}

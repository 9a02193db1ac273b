package io.seleucia.chat.protocol;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Optional;

/** JSON as RFC 8259 has it, without the leniency that Gson shows by default. */
final class Json {
    /** A level of nesting costs a stack frame; nobody's message needs more. */
    private static final int MAX_NESTING = 64;

    private static final TypeAdapter<JsonElement> ELEMENT = new Gson().getAdapter(JsonElement.class);

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
        JsonReader reader = new JsonReader(new StringReader(text));
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(MAX_NESTING);
        try {
            JsonElement value = ELEMENT.read(reader);
            if (reader.peek() == JsonToken.END_DOCUMENT) {
                return value;
            }
        } catch (IOException | JsonParseException | NumberFormatException | IllegalStateException e) {
            // Gson's words are for programmers, and quote the input: ours are for the one who sent it.
        }
        throw new MalformedException(what + " is not valid JSON");
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

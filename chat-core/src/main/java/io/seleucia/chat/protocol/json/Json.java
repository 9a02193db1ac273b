package io.seleucia.chat.protocol.json;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.TypeAdapter;
import com.google.gson.reflect.TypeToken;
import com.google.gson.stream.JsonWriter;
import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.lang.reflect.Type;
import java.util.Map;
import java.util.Optional;

/** Reads and writes the {@linkplain StrictJson strict JSON} of protocols. */
public final class Json {
    private static final int MOST_DIGITS = 16;
    private static final Gson GSON =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    private static final TypeAdapter<JsonElement> ELEMENT = GSON.getAdapter(JsonElement.class);

    private Json() {}

    /** Signals malformed input; the message is for its sender. */
    public static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;

        public MalformedException(String message) {
            super(message, null, false, false);
        }
    }

    /** Collects text. Unlike a {@code StringWriter}, it has no lock, and copies a whole string at once. */
    private static final class TextWriter extends Writer {
        private static final int TYPICAL = 256; // characters

        private final StringBuilder text = new StringBuilder(TYPICAL);

        @Override
        public void write(int one) {
            text.append((char) one);
        }

        @Override
        public void write(char[] some, int from, int length) {
            text.append(some, from, length);
        }

        @Override
        public void write(String some) {
            text.append(some);
        }

        @Override
        public void write(String some, int from, int length) {
            if (length == some.length()) {
                text.append(some);
            } else {
                text.append(some, from, from + length);
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}

        @Override
        public String toString() {
            return text.toString();
        }
    }

    /** Writes one JSON value. */
    public interface Writing {
        void to(JsonWriter json) throws IOException;
    }

    /**
     * Reads a text that is one JSON value.
     *
     * @param what the name of the text, for the error
     */
    public static JsonElement parse(String text, String what) throws MalformedException {
        try {
            return StrictJson.parse(text, StrictJson.MAX_NESTING);
        } catch (IOException e) {
            // Gson's message is for programmers, and quotes the input.
            throw new MalformedException(what + " is not valid JSON");
        }
    }

    /**
     * Returns the reader of a type from JSON.
     *
     * @throws RuntimeException if Gson can't read the type
     */
    public static TypeAdapter<?> adapter(Type type) {
        return GSON.getAdapter(TypeToken.get(type));
    }

    /**
     * Returns a value as an object of some type. It is read from its text: Gson would truncate large numbers of elements.
     *
     * @param rule the message for the sender if the value does not fit
     */
    public static Object bind(TypeAdapter<?> adapter, JsonElement value, String rule) throws MalformedException {
        try {
            Object bound = adapter.read(StrictJson.reader(text(value), StrictJson.MAX_NESTING));
            if (bound != null || value.isJsonNull()) {
                return bound;
            }
        } catch (IOException | RuntimeException e) {
            // The messages of Gson and of constructors are for programmers; the server is not at fault.
        }
        throw new MalformedException(rule);
    }

    /** Returns a value as JSON text, as Gson writes it. */
    public static String text(Object value) {
        return GSON.toJson(value);
    }

    /** Returns a field, or null if it is missing or null. */
    public static JsonElement field(JsonObject object, String name) {
        JsonElement value = object.get(name);
        return value == null || value.isJsonNull() ? null : value;
    }

    /** Returns a field that must be a string. */
    public static String string(JsonObject object, String name) throws MalformedException {
        return optionalString(object, name).orElseThrow(() -> new MalformedException(name + " is missing"));
    }

    /** Returns a field that must be a string if it is there. */
    public static Optional<String> optionalString(JsonObject object, String name) throws MalformedException {
        JsonElement value = field(object, name);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof JsonPrimitive primitive && primitive.isString()) {
            return Optional.of(primitive.getAsString());
        }
        throw new MalformedException(name + " must be a string");
    }

    /** Returns a field that must be true or false if it is there; it is false otherwise. */
    public static boolean flag(JsonObject object, String name) throws MalformedException {
        JsonElement value = field(object, name);
        if (value == null) {
            return false;
        }
        if (value instanceof JsonPrimitive primitive && primitive.isBoolean()) {
            return primitive.getAsBoolean();
        }
        throw new MalformedException(name + " must be true or false");
    }

    /** Returns a field that must be a whole number, of those that JavaScript can represent, if it is there. */
    public static Optional<Long> optionalNumber(JsonObject object, String name, long least) throws MalformedException {
        JsonElement value = field(object, name);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof JsonPrimitive primitive
                && primitive.isNumber()
                && isDigits(primitive.getAsString())
                && primitive.getAsLong() >= least) {
            return Optional.of(primitive.getAsLong());
        }
        throw new MalformedException(name + " must be a whole number from " + least + " on");
    }

    private static boolean isDigits(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return text.length() <= MOST_DIGITS; // and has at least one, being a number
    }

    /** Writes a value that was read. */
    public static void write(JsonWriter json, JsonElement value) throws IOException {
        ELEMENT.write(json, value);
    }

    /** Writes one JSON object with these fields. */
    public static String writeObject(Writing fields) {
        return write(json -> {
            json.beginObject();
            fields.to(json);
            json.endObject();
        });
    }

    /** Writes one JSON value. */
    public static String write(Writing writing) {
        TextWriter text = new TextWriter();
        try {
            writing.to(new JsonWriter(text));
        } catch (IOException e) {
            throw new UncheckedIOException("a TextWriter does not fail", e);
        }
        return text.toString();
    }

    /** Writes the fields of a message, except its channel. A message that no history holds has no offset. */
    public static void write(JsonWriter json, Message message) throws IOException {
        if (!message.position().equals(Position.NONE)) {
            json.name("offset").value(message.position().offset());
        }
        json.name("sender").value(message.sender());
        writeGuest(json, message.guest());
        json.name("time").value(message.time());
        if (message.attributes() != Attributes.NONE) {
            write(json, message.attributes());
        }
        write(json, message.content());
    }

    private static void write(JsonWriter json, Attributes attributes) throws IOException {
        if (!attributes.to().isEmpty()) {
            json.name("to").value(attributes.to());
        }
        writeHeaders(json, attributes);
        writeReference(json, attributes);
    }

    /** Writes the field {@code headers}, if there are any. */
    public static void writeHeaders(JsonWriter json, Attributes attributes) throws IOException {
        if (!attributes.headers().isEmpty()) {
            json.name("headers").beginObject();
            for (Map.Entry<String, String> header : attributes.headers().entrySet()) {
                json.name(header.getKey()).value(header.getValue());
            }
            json.endObject();
        }
    }

    /** Writes the fields {@code ref} and {@code deleted}, which only references and deleted messages have. */
    public static void writeReference(JsonWriter json, Attributes attributes) throws IOException {
        if (attributes.ref().isPresent()) {
            Reference ref = attributes.ref().get();
            json.name("ref").beginObject();
            json.name("offset").value(ref.offset());
            json.name("kind").value(ref.kind().word());
            if (ref.remove()) {
                json.name("remove").value(true);
            }
            json.endObject();
        }
        if (attributes.deleted().isPresent()) {
            json.name("deleted").beginObject();
            json.name("by").value(attributes.deleted().get().by());
            json.name("time").value(attributes.deleted().get().time());
            json.endObject();
        }
    }

    /** Writes the fields of a message as it is now, except its channel. */
    public static void write(JsonWriter json, FoldedMessage folded) throws IOException {
        write(json, folded.message());
        if (folded.edited().isPresent()) {
            json.name("edited").beginObject();
            json.name("offset").value(folded.edited().get().offset());
            json.name("time").value(folded.edited().get().time());
            json.endObject();
        }
        if (!folded.reactions().isEmpty()) {
            json.name("reactions").beginArray();
            for (FoldedMessage.Reaction reaction : folded.reactions()) {
                json.beginObject();
                json.name("text").value(reaction.text());
                json.name("count").value(reaction.count());
                json.name("clients").beginArray();
                for (String client : reaction.clients()) {
                    json.value(client);
                }
                json.endArray();
                json.endObject();
            }
            json.endArray();
        }
        if (folded.replies() > 0) {
            json.name("replies").value(folded.replies());
        }
    }

    /** Writes the field {@code guest}, which only guests have. */
    public static void writeGuest(JsonWriter json, boolean guest) throws IOException {
        if (guest) {
            json.name("guest").value(true);
        }
    }

    /** Writes the fields of a position. */
    public static void write(JsonWriter json, Position position) throws IOException {
        json.name("epoch").value(position.epoch());
        json.name("offset").value(position.offset());
    }

    /** Writes the field {@code data}, if there is any content. */
    public static void write(JsonWriter json, Content content) throws IOException {
        switch (content) {
            case Content.Text text -> json.name("data").value(text.asText());
            case Content.Json value -> json.name("data").jsonValue(value.asText());
            case Content.None none -> {}
        }
    }
}

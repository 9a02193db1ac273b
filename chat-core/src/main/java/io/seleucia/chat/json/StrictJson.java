package io.seleucia.chat.json;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The one definition of JSON: RFC 8259 to the letter, with a bounded nesting. One value, with nothing behind it but white
 * space; no comments, no {@code NaN}, nothing unquoted; no byte order mark; and no unpaired surrogate, not even an escaped
 * one, because such a text can't be written as UTF-8.
 */
public final class StrictJson {
    /** The deepest nesting of arrays and objects in a whole frame: each level costs a stack frame when it is written. */
    public static final int MAX_NESTING = 64;

    /** The deepest nesting in the data of a message, around which its frame is one level more. */
    public static final int MAX_DATA_NESTING = MAX_NESTING - 1;

    private static final Gson GSON =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    private static final TypeAdapter<JsonElement> ELEMENT = GSON.getAdapter(JsonElement.class);
    private static final char BYTE_ORDER_MARK = '\ufeff';
    private static final int ESCAPED_BYTES = 6;
    private static final byte[] QUOTED_BYTES = new byte[0x80]; // of each ASCII character within a JSON string
    private static final int BLOCK = 4_096; // characters
    private static final int LONGEST_NUMBER = 19;

    static {
        for (char c = 0; c < QUOTED_BYTES.length; c++) {
            QUOTED_BYTES[c] = (byte)
                    switch (c) {
                        case '"', '\\', '\t', '\b', '\n', '\r', '\f' -> 2;
                        default -> c < ' ' ? ESCAPED_BYTES : 1;
                    };
        }
    }

    private StrictJson() {}

    /** Returns a reader that takes nothing but strict JSON. */
    public static JsonReader reader(String text, int nesting) {
        JsonReader reader = new JsonReader(new StringReader(text));
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(nesting);
        return reader;
    }

    /**
     * Reads a text that is one JSON value.
     *
     * @throws IOException if it is not; the message is Gson's, for a programmer, and may quote the text
     */
    public static JsonElement parse(String text, int nesting) throws IOException {
        try {
            JsonReader reader = begin(text, nesting);
            JsonElement value = ELEMENT.read(reader);
            end(reader);
            return value;
        } catch (RuntimeException e) { // Gson has several for what is no JSON
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Returns whether a text is one JSON value. Builds nothing of it. */
    public static boolean isValid(String text, int nesting) {
        try {
            JsonReader reader = begin(text, nesting);
            int depth = 0;
            do {
                depth += skip(reader);
            } while (depth > 0);
            end(reader);
            return true;
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    private static JsonReader begin(String text, int nesting) throws IOException {
        if (!text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK) {
            throw new IOException("JSON has no byte order mark"); // Gson would skip it
        }
        return reader(text, nesting);
    }

    private static void end(JsonReader reader) throws IOException {
        if (reader.peek() != JsonToken.END_DOCUMENT) {
            throw new IOException("there is something behind the value");
        }
    }

    /** Reads a token in full, unlike {@code skipValue}, which passes over bad strings; returns the change of the depth. */
    @SuppressWarnings("CheckReturnValue") // of the tokens, only that they can be read matters
    private static int skip(JsonReader reader) throws IOException {
        switch (reader.peek()) {
            case BEGIN_ARRAY -> {
                reader.beginArray();
                return 1;
            }
            case BEGIN_OBJECT -> {
                reader.beginObject();
                return 1;
            }
            case END_ARRAY -> {
                reader.endArray();
                return -1;
            }
            case END_OBJECT -> {
                reader.endObject();
                return -1;
            }
            case NAME -> reader.nextName();
            case STRING, NUMBER -> reader.nextString();
            case BOOLEAN -> reader.nextBoolean();
            case NULL -> reader.nextNull();
            case END_DOCUMENT -> throw new IOException("the text ends within a value");
        }
        return 0;
    }

    /** Writes a value that was read. */
    public static String text(JsonElement value) {
        return GSON.toJson(value);
    }

    /** Returns the bytes of UTF-8 of a text that is valid Unicode. */
    public static long bytes(String text) {
        long bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            bytes += bytes(text.charAt(i));
        }
        return bytes;
    }

    /** Returns the bytes of UTF-8 that a text has as a JSON string, as {@link com.google.gson.stream.JsonWriter} writes it. */
    public static long quotedBytes(String text) {
        long bytes = 2;
        for (int from = 0; from < text.length(); from += BLOCK) {
            bytes += escapedBytes(text, from, Math.min(text.length() - from, BLOCK));
        }
        return bytes;
    }

    /** Counts a block: a sum of {@code int}s takes half the time of one of {@code long}s, and small methods are compiled soon. */
    private static int escapedBytes(String text, int from, int length) {
        int bytes = 0;
        for (int i = from; i < from + length; i++) {
            char c = text.charAt(i);
            if (c < QUOTED_BYTES.length) {
                bytes += QUOTED_BYTES[c];
            } else {
                bytes += c == '\u2028' || c == '\u2029' ? ESCAPED_BYTES : bytes(c);
            }
        }
        return bytes;
    }

    /** Returns the same for a text that is given in UTF-8, without decoding it. */
    public static long quotedBytes(byte[] utf8) {
        long bytes = 2;
        for (int i = 0; i < utf8.length; i++) {
            bytes += utf8[i] >= 0 ? QUOTED_BYTES[utf8[i]] : 1;
            if ((utf8[i] & 0xfe) == 0xa8 && i >= 2 && utf8[i - 1] == (byte) 0x80 && utf8[i - 2] == (byte) 0xe2) {
                bytes += ESCAPED_BYTES - 3; // U+2028 and U+2029, which have three bytes
            }
        }
        return bytes;
    }

    private static int bytes(char c) {
        return c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3; // a pair has 4
    }

    /**
     * Returns the strings and whole numbers that an object has as members, as far as they can be made out, of a text that
     * is no strict JSON: one that is nested too deep, has unpaired surrogates, or breaks off. Of two members of one name
     * the first counts. Looks at each character once, and needs no stack.
     */
    public static Map<String, JsonPrimitive> legibleMembers(String text) {
        Map<String, JsonPrimitive> members = new HashMap<>();
        String name = null; // of the member whose value follows
        String string = null; // the last token, if it was a string of the outermost object
        int depth = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"') {
                int end = endOfString(text, i);
                string = depth == 1 ? unquoted(text.substring(i, Math.min(end + 1, text.length()))) : null;
                if (string != null && name != null) {
                    members.putIfAbsent(name, new JsonPrimitive(string));
                }
                i = end;
            } else if (c == ':') {
                name = depth == 1 ? string : name;
                string = null;
            } else if (c == '{' || c == '[') {
                depth++;
            } else if (c == '}' || c == ']') {
                depth--;
            } else if (c == ',' && depth == 1) {
                name = null;
                string = null;
            } else if (depth == 1 && name != null && c >= '0' && c <= '9') {
                int end = i;
                while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
                    end++;
                }
                if (end < text.length() && end - i < LONGEST_NUMBER && endsValue(text.charAt(end))) {
                    members.putIfAbsent(name, new JsonPrimitive(Long.parseLong(text, i, end, 10)));
                }
                name = null;
                i = end - 1;
            } else if (depth == 1 && !isSpace(c)) {
                name = null; // another kind of value: a sign, a literal, or what is no JSON
            }
        }
        return members;
    }

    /** Returns the string that an object has as a member, of a text that is valid JSON; empty if it has none. */
    public static Optional<String> stringMember(String text, String name) {
        Optional<String> found = Optional.empty();
        try {
            JsonReader reader = reader(text, MAX_NESTING);
            if (reader.peek() != JsonToken.BEGIN_OBJECT) {
                return found;
            }
            reader.beginObject();
            while (reader.hasNext()) {
                if (reader.nextName().equals(name) && reader.peek() == JsonToken.STRING) {
                    found = Optional.of(reader.nextString());
                } else {
                    reader.skipValue();
                }
            }
        } catch (IOException | RuntimeException e) {
            return Optional.empty(); // not as valid as it should be
        }
        return found;
    }

    /** Returns the index of the quotation mark at a string's end, or that of the text's end. */
    private static int endOfString(String text, int begin) {
        int end = begin + 1;
        while (end < text.length() && text.charAt(end) != '"') {
            end += text.charAt(end) == '\\' ? 2 : 1;
        }
        return Math.min(end, text.length());
    }

    private static String unquoted(String quoted) {
        try {
            return parse(quoted, 1).getAsString();
        } catch (IOException e) {
            return null; // such as one with an unpaired surrogate
        }
    }

    private static boolean endsValue(char c) {
        return c == ',' || c == '}' || isSpace(c);
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
    }
}

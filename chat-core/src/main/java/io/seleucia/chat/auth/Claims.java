package io.seleucia.chat.auth;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The members of a JSON object in a token (RFC 7519 §4), as strict as JSON can be read: each name once, and those that
 * are asked for of the right kind.
 */
final class Claims {
    private static final int MAX_NESTING = 8;
    private static final double LATEST = 253_402_300_800.0; // the end of the year 9999, in seconds

    /** A token that is not as it must be. Nobody is told more than that it is wrong. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;

        MalformedException(String why) {
            super(why, null, false, false);
        }
    }

    /** A value of a kind that no claim has which is looked at. */
    private record Other() {}

    /** A null, which most claims may be instead of not being there. */
    private record Null() {}

    private final Map<String, Object> members; // String, Double, List, Null or Other

    private Claims(Map<String, Object> members) {
        this.members = members;
    }

    static Claims parse(String json) throws MalformedException {
        JsonReader reader = new JsonReader(new StringReader(json));
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(MAX_NESTING);
        Map<String, Object> members = new HashMap<>();
        try {
            reader.beginObject();
            while (reader.hasNext()) {
                if (members.put(reader.nextName(), value(reader)) != null) {
                    throw new MalformedException("a claim stands twice");
                }
            }
            reader.endObject();
            if (reader.peek() == JsonToken.END_DOCUMENT) {
                return new Claims(members);
            }
        } catch (IOException | NumberFormatException | IllegalStateException e) {
            // Gson's words quote the input, which is nobody's business.
        }
        throw new MalformedException("not a JSON object");
    }

    private static Object value(JsonReader reader) throws IOException {
        return switch (reader.peek()) {
            case STRING -> reader.nextString();
            case NUMBER -> number(reader.nextString());
            case BEGIN_ARRAY -> list(reader);
            case NULL -> {
                reader.nextNull();
                yield new Null();
            }
            default -> {
                reader.skipValue();
                yield new Other();
            }
        };
    }

    /** Only times are looked at, and their seconds fit into 53 bits. */
    private static Object number(String digits) {
        double value = Double.parseDouble(digits);
        return Math.abs(value) < LATEST ? value : new Other();
    }

    private static Object list(JsonReader reader) throws IOException {
        List<String> strings = new ArrayList<>();
        boolean others = false;
        reader.beginArray();
        while (reader.hasNext()) {
            if (reader.peek() == JsonToken.STRING) {
                strings.add(reader.nextString());
            } else {
                reader.skipValue();
                others = true;
            }
        }
        reader.endArray();
        return others ? new Other() : List.copyOf(strings);
    }

    /** Returns whether there is such a member, be it null. */
    boolean has(String name) {
        return members.containsKey(name);
    }

    /** The value, or null if it is not there or null. */
    private Object member(String name) {
        Object value = members.get(name);
        return value instanceof Null ? null : value;
    }

    Optional<String> string(String name) throws MalformedException {
        Object value = member(name);
        if (value != null && !(value instanceof String)) {
            throw new MalformedException(name + " must be a string");
        }
        return Optional.ofNullable((String) value);
    }

    /** A time, in seconds since 1970 (RFC 7519 §2, NumericDate): any number of JSON, such as 1.9e9. */
    Optional<Instant> time(String name) throws MalformedException {
        Object value = member(name);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof Double seconds) {
            return Optional.of(Instant.ofEpochMilli(Math.round(seconds * 1_000)));
        }
        throw new MalformedException(name + " must be a number of seconds since 1970");
    }

    /** A list of strings; a string is a list of one. */
    Optional<List<String>> strings(String name) throws MalformedException {
        Object value = member(name);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof String one) {
            return Optional.of(List.of(one));
        }
        if (value instanceof List<?> list) {
            return Optional.of(list.stream().map(String.class::cast).toList());
        }
        throw new MalformedException(name + " must be a list of strings");
    }
}

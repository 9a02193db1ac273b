package io.seleucia.chat.auth;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The members of a JSON object in a token (RFC 7519 §4), as strict as JSON can be read: each name once, and those that
 * are asked for of the right kind.
 */
final class Claims {
    private static final int MAX_NESTING = 8;
    private static final Pattern TIME = Pattern.compile("\\d{1,12}(\\.\\d{1,9})?"); // beyond the year 9999

    /** A token that is not as it must be. Nobody is told more than that it is wrong. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;

        MalformedException(String why) {
            super(why, null, false, false);
        }
    }

    /** A value of a kind that no claim has which is looked at. */
    private record Other() {}

    private final Map<String, Object> members; // String, BigDecimal, List or Other

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
            default -> {
                reader.skipValue();
                yield new Other();
            }
        };
    }

    /** Times are looked at only; a number as it would not be written for one need not be computed with. */
    private static Object number(String digits) {
        return TIME.matcher(digits).matches() ? new BigDecimal(digits) : new Other();
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

    boolean has(String name) {
        return members.containsKey(name);
    }

    Optional<String> string(String name) throws MalformedException {
        Object value = members.get(name);
        if (value != null && !(value instanceof String)) {
            throw new MalformedException(name + " must be a string");
        }
        return Optional.ofNullable((String) value);
    }

    /** A time, in seconds since 1970 (RFC 7519 §2, NumericDate), whole or not. */
    Optional<Instant> time(String name) throws MalformedException {
        Object value = members.get(name);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof BigDecimal seconds) {
            return Optional.of(Instant.ofEpochMilli(seconds.movePointRight(3).longValue()));
        }
        throw new MalformedException(name + " must be a number of seconds since 1970");
    }

    /** A list of strings; a string is a list of one. */
    Optional<List<String>> strings(String name) throws MalformedException {
        Object value = members.get(name);
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

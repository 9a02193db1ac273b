package io.seleucia.chat.auth;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.seleucia.chat.json.StrictJson;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The members of a JSON object in a token (RFC 7519 §4). Each name stands once. */
final class Claims {
    private static final int MAX_NESTING = 8;
    private static final double LATEST = 253_402_300_800.0; // the end of the year 9999, in seconds

    /** Signals a token that is refused. The client learns only that it is wrong. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;

        MalformedException(String why) {
            super(why, null, false, false);
        }
    }

    /** A value of a kind that no known claim has. */
    private record Other() {}

    /** A null, which for most claims is as good as none. */
    private record Null() {}

    private final Map<String, Object> members; // String, Double, List, Null or Other

    private Claims(Map<String, Object> members) {
        this.members = members;
    }

    static Claims parse(String json) throws MalformedException {
        JsonReader reader = StrictJson.reader(json, MAX_NESTING);
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
            // Gson's message quotes the input.
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

    /** Returns the value of a time, whose seconds fit into 53 bits. */
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

    /** Returns whether there is such a member, even if it is null. */
    boolean has(String name) {
        return members.containsKey(name);
    }

    Optional<String> string(String name) throws MalformedException {
        return switch (members.get(name)) {
            case null -> Optional.empty();
            case Null none -> Optional.empty();
            case String text -> Optional.of(text);
            default -> throw new MalformedException(name + " must be a string");
        };
    }

    /** Returns a time, in seconds since 1970 (RFC 7519 §2, NumericDate): any JSON number, such as 1.9e9. */
    Optional<Instant> time(String name) throws MalformedException {
        return switch (members.get(name)) {
            case null -> Optional.empty();
            case Null none -> Optional.empty();
            case Double seconds -> Optional.of(Instant.ofEpochMilli(Math.round(seconds * 1_000)));
            default -> throw new MalformedException(name + " must be a number of seconds since 1970");
        };
    }

    /** Returns a list of strings; a string is a list of one. */
    Optional<List<String>> strings(String name) throws MalformedException {
        return switch (members.get(name)) {
            case null -> Optional.empty();
            case Null none -> Optional.empty();
            case String one -> Optional.of(List.of(one));
            case List<?> list ->
                Optional.of(list.stream().map(String.class::cast).toList());
            default -> throw new MalformedException(name + " must be a list of strings");
        };
    }
}

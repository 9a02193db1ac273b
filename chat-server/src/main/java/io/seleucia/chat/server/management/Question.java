package io.seleucia.chat.server.management;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.seleucia.chat.message.Names;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What is asked: the parameters of a query, and the fields of a body that is an object of JSON.
 *
 * @param parameters by name; of several with one name, the last
 * @param body empty where there is none
 */
record Question(Map<String, String> parameters, JsonObject body) {
    /** Returns what a request asks. */
    static Question of(Request request) throws Refusal {
        String query = request.target().getRawQuery();
        Map<String, String> parameters = query == null ? Map.of() : parameters(query);
        return new Question(parameters, request.method().equals("POST") ? body(request.body()) : new JsonObject());
    }

    private static Map<String, String> parameters(String query) throws Refusal {
        Map<String, String> parameters = new HashMap<>();
        for (String pair : query.split("&")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                parameters.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
            }
        }
        return parameters;
    }

    private static String decoded(String text) throws Refusal {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new Refusal(400, "the query is not percent-encoded as it should be");
        }
    }

    private static JsonObject body(byte[] bytes) throws Refusal {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            JsonElement json = JsonParser.parseString(text);
            if (json.isJsonObject()) {
                return json.getAsJsonObject();
            }
        } catch (CharacterCodingException | JsonParseException | StackOverflowError e) {
            throw new Refusal(400, "the body is not valid JSON");
        }
        throw new Refusal(400, "the body must be an object of JSON");
    }

    Optional<String> parameter(String name) {
        return Optional.ofNullable(parameters.get(name)).filter(value -> !value.isEmpty());
    }

    /** A parameter that must be there. */
    String needed(String name) throws Refusal {
        return parameter(name).orElseThrow(() -> new Refusal(400, "the parameter " + name + " is missing"));
    }

    /** A parameter that is a whole number, and a default if it is not there. */
    long number(String name, long least, long most, long byDefault) throws Refusal {
        String value = parameters.getOrDefault(name, Long.toString(byDefault));
        if (value.matches("\\d{1,18}") && Long.parseLong(value) >= least && Long.parseLong(value) <= most
                || Long.toString(byDefault).equals(value)) {
            return Long.parseLong(value);
        }
        throw new Refusal(400, name + " must be a whole number from " + least + " to " + most);
    }

    /** A field of the body that is a text, and not empty. */
    Optional<String> text(String name) throws Refusal {
        JsonElement field = body.get(name);
        if (field == null) {
            return Optional.empty();
        }
        if (!field.isJsonPrimitive()
                || !field.getAsJsonPrimitive().isString()
                || field.getAsString().isEmpty()) {
            throw new Refusal(400, name + " must be a text that is not empty");
        }
        if (!Names.isUnicode(field.getAsString())) {
            throw new Refusal(400, name + " must be Unicode: no half of a surrogate pair");
        }
        return Optional.of(field.getAsString());
    }

    /** A field of the body that must be there. */
    String neededText(String name) throws Refusal {
        return text(name).orElseThrow(() -> new Refusal(400, "the field " + name + " is missing"));
    }
}

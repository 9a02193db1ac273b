package io.seleucia.chat.server.management;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.text.Utf8;
import java.net.URLDecoder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A request to the API: the parameters of its query and the fields of its body.
 *
 * @param parameters by name; of several with one name, the last
 * @param body an empty object if the request has none
 */
record ApiRequest(Map<String, String> parameters, JsonObject body) {
    static ApiRequest of(HttpRequest request) throws HttpError {
        String query = request.target().getRawQuery();
        return new ApiRequest(
                parameters(query == null ? "" : query),
                request.method().equals("POST") ? body(request.body()) : new JsonObject());
    }

    private static Map<String, String> parameters(String query) throws HttpError {
        Map<String, String> parameters = new HashMap<>();
        for (String pair : query.split("&")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                parameters.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
            }
        }
        return parameters;
    }

    private static String decoded(String text) throws HttpError {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new HttpError(400, "the query is not percent-encoded correctly");
        }
    }

    private static JsonObject body(byte[] bytes) throws HttpError {
        try {
            JsonElement json = JsonParser.parseString(Utf8.decode(bytes));
            if (json.isJsonObject()) {
                return json.getAsJsonObject();
            }
        } catch (CharacterCodingException | JsonParseException | StackOverflowError e) {
            throw new HttpError(400, "the body is not valid JSON");
        }
        throw new HttpError(400, "the body must be a JSON object");
    }

    Optional<String> parameter(String name) {
        return Optional.ofNullable(parameters.get(name)).filter(value -> !value.isEmpty());
    }

    /** Returns a required parameter. */
    String needed(String name) throws HttpError {
        return parameter(name).orElseThrow(() -> new HttpError(400, "the parameter " + name + " is missing"));
    }

    /** Returns a parameter that is a whole number within bounds, or a default. */
    long number(String name, long least, long most, long byDefault) throws HttpError {
        return number(name, parameters.get(name), least, most, byDefault);
    }

    /** Returns a field of the body that is a whole number within bounds, or a default. */
    long wholeNumber(String name, long least, long most, long byDefault) throws HttpError {
        JsonElement field = body.get(name);
        return number(name, field == null ? null : field.toString(), least, most, byDefault);
    }

    /** Returns a number in the body, if there is one. */
    OptionalLong wholeNumber(String name, long least, long most) throws HttpError {
        JsonElement field = body.get(name);
        return field == null
                ? OptionalLong.empty()
                : OptionalLong.of(number(name, field.toString(), least, most, least));
    }

    private static long number(String name, String value, long least, long most, long byDefault) throws HttpError {
        if (value == null || value.equals(Long.toString(byDefault))) {
            return byDefault;
        }
        if (value.matches("\\d{1,18}") && Long.parseLong(value) >= least && Long.parseLong(value) <= most) {
            return Long.parseLong(value);
        }
        throw new HttpError(400, name + " must be a whole number from " + least + " to " + most);
    }

    /** Returns a field of the body, which must be a text that is not empty. */
    Optional<String> text(String name) throws HttpError {
        JsonElement field = body.get(name);
        if (field == null) {
            return Optional.empty();
        }
        if (!field.isJsonPrimitive()
                || !field.getAsJsonPrimitive().isString()
                || field.getAsString().isEmpty()) {
            throw new HttpError(400, name + " must be a text that is not empty");
        }
        if (!Names.isUnicode(field.getAsString())) {
            throw new HttpError(400, name + " must be valid Unicode: it contains an unpaired surrogate");
        }
        return Optional.of(field.getAsString());
    }

    /** Returns a required field of the body. */
    String neededText(String name) throws HttpError {
        return text(name).orElseThrow(() -> new HttpError(400, "the field " + name + " is missing"));
    }
}

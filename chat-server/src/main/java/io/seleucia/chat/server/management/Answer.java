package io.seleucia.chat.server.management;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Map;

/**
 * What a request is answered with.
 *
 * @param status of HTTP (RFC 9110 §15)
 * @param type the content type
 */
record Answer(int status, String type, byte[] body) {
    private static final String JSON = "application/json";

    /** What browsers are told with every answer: to run and show nothing that does not come from here. */
    private static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options", "nosniff",
            "Referrer-Policy", "no-referrer",
            "Cross-Origin-Resource-Policy", "same-origin",
            "Cache-Control", "no-store");

    static Answer of(JsonElement json) {
        return of(200, json);
    }

    static Answer of(int status, JsonElement json) {
        return new Answer(status, JSON, json.toString().getBytes(StandardCharsets.UTF_8));
    }

    static Answer of(Refusal refusal) {
        JsonObject error = new JsonObject();
        error.addProperty("error", refusal.getMessage());
        return of(refusal.status(), error);
    }

    /** Returns the response as it is sent, after which the connection ends. */
    byte[] bytes(boolean withBody) {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " " + phrase() + "\r\n");
        HEADERS.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
        head.append("Content-Type: " + type + "\r\nContent-Length: " + body.length + "\r\n");
        head.append("Date: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)));
        head.append(
                switch (status) {
                    case 401 -> "\r\nWWW-Authenticate: Bearer";
                    case 429, 503 -> "\r\nRetry-After: 10";
                    default -> "";
                });
        byte[] bytes = head.append("\r\nConnection: close\r\n\r\n").toString().getBytes(StandardCharsets.US_ASCII);
        if (!withBody) {
            return bytes;
        }
        byte[] all = Arrays.copyOf(bytes, bytes.length + body.length);
        System.arraycopy(body, 0, all, bytes.length, body.length);
        return all;
    }

    private String phrase() {
        return switch (status) {
            case 200 -> "OK";
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 411 -> "Length Required";
            case 413 -> "Content Too Large";
            case 415 -> "Unsupported Media Type";
            case 429 -> "Too Many Requests";
            case 431 -> "Request Header Fields Too Large";
            case 503 -> "Service Unavailable";
            default -> "Internal Server Error";
        };
    }

    static Answer text(String type, String text) {
        return new Answer(200, type, text.getBytes(StandardCharsets.UTF_8));
    }
}

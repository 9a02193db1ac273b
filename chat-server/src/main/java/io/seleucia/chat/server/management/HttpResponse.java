package io.seleucia.chat.server.management;

import com.google.gson.JsonElement;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;

/**
 * A response of HTTP/1.1.
 *
 * @param status of HTTP (RFC 9110 §15)
 * @param type the content type
 */
record HttpResponse(int status, String type, byte[] body) {
    private static final String JSON = "application/json";

    // Browsers run and show nothing that comes from elsewhere.
    private static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options", "nosniff",
            "Referrer-Policy", "no-referrer",
            "Cross-Origin-Resource-Policy", "same-origin",
            "Cache-Control", "no-store");

    static HttpResponse of(JsonElement json) {
        return of(200, json);
    }

    static HttpResponse of(int status, JsonElement json) {
        return new HttpResponse(status, JSON, json.toString().getBytes(StandardCharsets.UTF_8));
    }

    static HttpResponse of(HttpError refusal) {
        return of(refusal.status(), Json.object("error", refusal.getMessage()));
    }

    /** Returns the bytes on the wire. The connection ends after them. */
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
        return ByteBuffer.allocate(bytes.length + body.length)
                .put(bytes)
                .put(body)
                .array();
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

    static HttpResponse text(String type, String text) {
        return new HttpResponse(200, type, text.getBytes(StandardCharsets.UTF_8));
    }
}

package io.seleucia.chat.transport;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;

/**
 * A response of HTTP/1.1 that ends the connection (RFC 9112 §9.6).
 *
 * @param fields header lines, each with its CR LF
 */
record HttpResponse(int status, String fields, byte[] body) {
    /** Returns a response with a sentence for a person. */
    static HttpResponse text(int status, String sentence) {
        return new HttpResponse(status, "", (sentence + "\n").getBytes(StandardCharsets.UTF_8))
                .with("Content-Type", "text/plain; charset=utf-8");
    }

    /** Returns this response with one more header line. */
    HttpResponse with(String name, String value) {
        return new HttpResponse(status, fields + name + ": " + value + "\r\n", body);
    }

    /**
     * Sends the response, and ends the connection when the peer has read it. Blocks until then, or until the wire is
     * aborted.
     *
     * @param withBody whether the body is sent, and not only its length (RFC 9110 §9.3.2)
     */
    void send(Wire wire, boolean withBody) throws IOException {
        boolean hasLength = status != 304; // it would state the length of the full response (RFC 9110 §8.6)
        byte[] head = ("HTTP/1.1 " + status + " " + phrase() + "\r\n" + fields
                        + (hasLength ? "Content-Length: " + body.length + "\r\n" : "")
                        + "Date: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC))
                        + "\r\nConnection: " + (status == 426 ? "close, Upgrade" : "close") + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        int length = withBody ? body.length : 0;
        byte[] all = Arrays.copyOf(head, head.length + length);
        System.arraycopy(body, 0, all, head.length, length);
        wire.write(all);
        wire.finish();
    }

    private String phrase() {
        return switch (status) {
            case 200 -> "OK";
            case 304 -> "Not Modified";
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 421 -> "Misdirected Request";
            case 426 -> "Upgrade Required";
            case 429 -> "Too Many Requests";
            case 431 -> "Request Header Fields Too Large";
            case 503 -> "Service Unavailable";
            default -> throw new IllegalArgumentException("no phrase for " + status);
        };
    }
}

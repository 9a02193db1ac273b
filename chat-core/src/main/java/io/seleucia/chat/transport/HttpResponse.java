package io.seleucia.chat.transport;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;

/**
 * A response of HTTP/1.1.
 *
 * @param fields header lines, each with its CR LF
 */
public record HttpResponse(int status, String fields, byte[] body) {
    private static final byte[] NOTHING = {};

    /** Returns a response with a sentence for a person. */
    public static HttpResponse text(int status, String sentence) {
        return new HttpResponse(status, "", (sentence + "\n").getBytes(StandardCharsets.UTF_8))
                .with("Content-Type", "text/plain; charset=utf-8");
    }

    /** Returns a response without a body, such as 204. */
    public static HttpResponse empty(int status) {
        return new HttpResponse(status, "", NOTHING);
    }

    /** Returns this response with one more header line. */
    public HttpResponse with(String name, String value) {
        return withFields(name + ": " + value + "\r\n");
    }

    /**
     * Returns this response with more header lines.
     *
     * @param lines each with its CR LF
     */
    HttpResponse withFields(String lines) {
        return new HttpResponse(status, fields + lines, body);
    }

    /**
     * Sends the response, and ends the connection when the peer has read it (RFC 9112 §9.6). Blocks until then, or until the
     * wire is aborted.
     *
     * @param withBody whether the body is sent, and not only its length (RFC 9110 §9.3.2)
     */
    void sendLast(Wire wire, boolean withBody) throws IOException {
        write(wire, withBody, false);
        wire.finish();
    }

    /** Sends the response. Blocks until the kernel has taken it. */
    void write(Wire wire, boolean withBody, boolean keepAlive) throws IOException {
        boolean hasLength = status != 304 && status != 204; // RFC 9110 §8.6
        String connection = keepAlive ? "" : "Connection: " + (status == 426 ? "close, Upgrade" : "close") + "\r\n";
        byte[] head = (statusLine() + fields
                        + (hasLength ? "Content-Length: " + body.length + "\r\n" : "")
                        + "Date: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC))
                        + "\r\n" + connection + "\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        int length = withBody && hasLength ? body.length : 0;
        byte[] all = Arrays.copyOf(head, head.length + length);
        System.arraycopy(body, 0, all, head.length, length);
        wire.write(all);
    }

    /** Writes the head of a response whose body is a stream, and its first part. */
    void begin(Wire wire, byte[] first) throws IOException {
        byte[] head = (statusLine() + fields
                        + "Date: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC))
                        + "\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        byte[] all = Arrays.copyOf(head, head.length + first.length);
        System.arraycopy(first, 0, all, head.length, first.length);
        wire.write(all);
    }

    private String statusLine() {
        return "HTTP/1.1 " + status + " " + phrase() + "\r\n";
    }

    private String phrase() {
        return switch (status) {
            case 200 -> "OK";
            case 204 -> "No Content";
            case 304 -> "Not Modified";
            case 307 -> "Temporary Redirect";
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 406 -> "Not Acceptable";
            case 409 -> "Conflict";
            case 413 -> "Content Too Large";
            case 415 -> "Unsupported Media Type";
            case 417 -> "Expectation Failed";
            case 421 -> "Misdirected Request";
            case 426 -> "Upgrade Required";
            case 429 -> "Too Many Requests";
            case 431 -> "Request Header Fields Too Large";
            case 501 -> "Not Implemented";
            case 503 -> "Service Unavailable";
            default -> throw new IllegalArgumentException("no phrase for " + status);
        };
    }
}

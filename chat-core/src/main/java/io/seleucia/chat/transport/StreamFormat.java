package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * A format of the stream that carries a session's frames over HTTP: server-sent events, or a JSON object a line; in chunks for
 * peers that read them. Connections with the same format share their frames. Immutable; any thread.
 */
public enum StreamFormat {
    /** Events whose data is a frame without line ends. */
    EVENTS("data: ", "\n\n", false),
    /** Events whose data is a frame as a JSON string. */
    QUOTED_EVENTS("data: ", "\n\n", true),
    /** Payloads that are events already. */
    BARE_EVENTS("", "", false),
    /** Lines of JSON. */
    LINES("{\"frame\":", "}\n", true);

    private static final String HEX = "0123456789abcdef";

    private final byte[] before;
    private final byte[] after;
    private final boolean quoted;
    private final Framing chunks = message -> frame(message, true);
    private final Framing plain = message -> frame(message, false);

    StreamFormat(String before, String after, boolean quoted) {
        this.before = ascii(before);
        this.after = ascii(after);
        this.quoted = quoted;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Returns the media type. */
    String mediaType() {
        return this == LINES ? "application/x-ndjson" : "text/event-stream";
    }

    /** Returns the framing of messages, the same object for all connections. */
    Framing framing(boolean chunked) {
        return chunked ? chunks : plain;
    }

    private Frame frame(Payload message, boolean chunked) {
        if (!message.text()) {
            throw new IllegalArgumentException("a stream over HTTP carries text only");
        }
        byte[] content = quoted ? quoted(message.bytes()) : message.bytes();
        ByteArrayOutputStream part = new ByteArrayOutputStream(before.length + content.length + after.length);
        part.writeBytes(before);
        part.writeBytes(content);
        part.writeBytes(after);
        return new Frame(part(part.toByteArray(), chunked), false);
    }

    /** Returns the first part of a stream, which names the session. */
    byte[] opening(String json, boolean chunked) {
        return part(named("open", json), chunked);
    }

    /** Returns a frame that shows that the stream goes on. */
    Frame comment(boolean chunked) {
        return new Frame(part(ascii(this == LINES ? "{\"ping\":true}\n" : ":\n\n"), chunked), true);
    }

    /** Returns a frame that a client answers by a POST, if it has said that it does. */
    Frame ping(boolean chunked) {
        return new Frame(
                part(ascii(this == LINES ? "{\"ping\":\"answer\"}\n" : "event: ping\ndata: {}\n\n"), chunked), true);
    }

    /** Returns the frame that ends the stream, and says why. */
    Frame closing(CloseCode code, boolean chunked) {
        byte[] last = part(
                named(
                        "close",
                        "{\"code\":" + code.code() + ",\"reason\":\"" + code.reason() + "\",\"reconnect\":"
                                + code.reconnect() + "}"),
                chunked);
        ByteArrayOutputStream all = new ByteArrayOutputStream(last.length + 5);
        all.writeBytes(last);
        if (chunked) {
            all.writeBytes(ascii("0\r\n\r\n"));
        }
        return new Frame(all.toByteArray(), false);
    }

    private byte[] named(String name, String json) {
        return ascii(
                this == LINES ? "{\"" + name + "\":" + json + "}\n" : "event: " + name + "\ndata: " + json + "\n\n");
    }

    /** Returns bytes as a chunk (RFC 9112 §7.1), if chunks are read. */
    private static byte[] part(byte[] bytes, boolean chunked) {
        if (!chunked) {
            return bytes;
        }
        byte[] size = ascii(Integer.toHexString(bytes.length) + "\r\n");
        byte[] chunk = new byte[size.length + bytes.length + 2];
        System.arraycopy(size, 0, chunk, 0, size.length);
        System.arraycopy(bytes, 0, chunk, size.length, bytes.length);
        chunk[chunk.length - 2] = '\r';
        chunk[chunk.length - 1] = '\n';
        return chunk;
    }

    /** Returns a text as a JSON string (RFC 8259 §7), all in UTF-8. */
    static byte[] quoted(byte[] text) {
        ByteArrayOutputStream json = new ByteArrayOutputStream(text.length + text.length / 8 + 2);
        json.write('"');
        for (byte b : text) {
            if (b == '"' || b == '\\') {
                json.write('\\');
                json.write(b);
            } else if (b >= 0 && b < ' ') {
                json.writeBytes(ascii("\\u00" + HEX.charAt(b >> 4) + HEX.charAt(b & 0xf)));
            } else {
                json.write(b);
            }
        }
        json.write('"');
        return json.toByteArray();
    }
}

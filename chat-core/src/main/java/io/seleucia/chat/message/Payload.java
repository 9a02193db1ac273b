package io.seleucia.chat.message;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * The bytes of one message between a protocol and a transport, without the transport's framing. The receiver of a
 * payload neither keeps nor changes the array.
 *
 * @param text whether the bytes are UTF-8 text (a WebSocket text frame) and not binary
 * @param bytes the message, whole
 */
public record Payload(boolean text, byte[] bytes) {
    /** Refuses null. */
    public Payload {
        Objects.requireNonNull(bytes, "bytes");
    }

    /**
     * {@return a text message}
     *
     * @param text the text
     */
    public static Payload of(String text) {
        Objects.requireNonNull(text, "text");
        return new Payload(true, text.getBytes(StandardCharsets.UTF_8));
    }

    /** {@return the bytes read as UTF-8} */
    public String asString() {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}

package io.seleucia.chat.message;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;

/**
 * The description of a channel, which its members agree on: a topic, a picture, or any other JSON that its clients understand.
 *
 * @param json a JSON object; empty if the description was removed
 * @param by the client that changed it last
 * @param time when that was, in milliseconds since 1970-01-01T00:00Z; of two descriptions of a channel, the later one has the
 *     greater time
 */
public record ChannelInfo(Optional<Content.Json> json, Sender by, long time) {
    /** The maximum size of a description, in bytes of UTF-8. */
    public static final int MAX_BYTES = 4 * 1024;

    /** Refuses null. */
    public ChannelInfo {
        Objects.requireNonNull(json, "json");
        Objects.requireNonNull(by, "by");
    }

    /**
     * {@return whether a value is a JSON object}
     *
     * @param json the value
     */
    public static boolean isObject(Content.Json json) {
        return json.asText().stripLeading().startsWith("{");
    }

    /**
     * {@return whether a description is larger than {@link #MAX_BYTES}}
     *
     * @param json the description
     */
    public static boolean isTooLarge(Content.Json json) {
        String text = json.asText();
        return text.length() > MAX_BYTES || text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES;
    }

    /**
     * Checks a description that is to be stored.
     *
     * @param json the description; empty to remove it
     * @throws IllegalArgumentException if it is no JSON object, or too large
     */
    public static void require(Optional<Content.Json> json) {
        if (json.isPresent() && !isObject(json.get())) {
            throw new IllegalArgumentException("the description of a channel must be a JSON object");
        }
        if (json.isPresent() && isTooLarge(json.get())) {
            throw new IllegalArgumentException(
                    "the description of a channel must have at most " + MAX_BYTES + " bytes");
        }
    }

    /** {@return about how many characters it has} */
    public int length() {
        return json.map(Content.Json::asText).map(String::length).orElse(0)
                + by.name().length();
    }

    /**
     * {@return whether this is a later description of the channel than another}
     *
     * @param other the other; empty if there is none
     */
    public boolean isLaterThan(Optional<ChannelInfo> other) {
        return other.isEmpty() || time > other.get().time;
    }
}

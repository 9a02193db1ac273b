package io.seleucia.chat.broker;

import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import java.util.Objects;

/**
 * A message to publish.
 *
 * @param content the content; {@link Content#NONE} in a deletion only
 * @param attributes the headers, the reference and the author
 * @param key an idempotency key, or {@code ""} for none
 * @param moderates whether an edit or a deletion may concern the message of another client
 */
public record Draft(Content content, Attributes attributes, String key, boolean moderates) {
    /** Refuses null. */
    public Draft {
        Objects.requireNonNull(content, "content");
        Objects.requireNonNull(attributes, "attributes");
        Objects.requireNonNull(key, "key");
    }

    /**
     * Creates an ordinary message.
     *
     * @param content the content
     * @param key an idempotency key, or {@code ""} for none
     */
    public Draft(Content content, String key) {
        this(content, Attributes.NONE, key, false);
    }
}

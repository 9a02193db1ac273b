package io.seleucia.chat.message;

/**
 * What a message says: text that a person typed, or any other JSON value. A protocol that knows only text shows the
 * JSON as it is written; a JSON string is always {@link Text}.
 */
public sealed interface Content {
    /** The text, or the JSON text of a value that is not a string. */
    String asText();

    /** Plain text, any valid Unicode. */
    record Text(String asText) implements Content {}

    /** A JSON value other than a string, as its JSON text. */
    record Json(String asText) implements Content {}
}

package io.seleucia.chat.message;

import io.seleucia.chat.json.StrictJson;
import java.util.Objects;

/**
 * The content of a message: text that a person typed, or any other JSON value. A protocol that knows only text shows the
 * JSON as it is written; a JSON string is always {@link Text}.
 *
 * <p>Content can always be sent: its constructors refuse what could not be written as UTF-8, or is not JSON.
 */
public sealed interface Content {
    /** The content of deletions and of deleted messages: none at all. */
    Content NONE = new None();

    /** {@return the text, or the JSON text of a value that is not a string} */
    String asText();

    /**
     * {@return the content that was stored or sent as a JSON text by a program that may not have checked it: the value if
     * it is one, and otherwise the text as it stands, so that it can be read and shown in any case}
     *
     * @param text the text
     */
    static Content ofJsonOrText(String text) {
        return StrictJson.isValid(text, StrictJson.MAX_DATA_NESTING) ? Json.ofValid(text) : Text.ofAny(text);
    }

    /**
     * Plain text, any valid Unicode.
     *
     * @param asText the text, or the JSON text
     */
    record Text(String asText) implements Content {
        private static final char REPLACEMENT = '\ufffd';

        /**
         * Checks the text.
         *
         * @throws IllegalArgumentException if a surrogate in it is unpaired
         */
        public Text {
            Objects.requireNonNull(asText, "asText");
            if (!Names.isUnicode(asText)) {
                throw new IllegalArgumentException("a text must be valid Unicode: a surrogate in it is unpaired");
            }
        }

        /**
         * {@return a text in which U+FFFD stands for every unpaired surrogate}
         *
         * @param text the text
         */
        public static Text ofAny(String text) {
            Objects.requireNonNull(text, "text");
            if (Names.isUnicode(text)) {
                return new Text(text);
            }
            StringBuilder valid = new StringBuilder(text.length());
            text.codePoints()
                    .map(point ->
                            point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE ? REPLACEMENT : point)
                    .forEach(valid::appendCodePoint);
            return new Text(valid.toString());
        }
    }

    /** No content: that of a deletion, or of a message that is deleted. See {@link #NONE}. */
    record None() implements Content {
        @Override
        public String asText() {
            return "";
        }
    }

    /** A JSON value other than a string, as its JSON text. */
    final class Json implements Content {
        private final String text;

        /**
         * Checks that the text is a JSON value.
         *
         * @param asText JSON by RFC 8259, in which arrays and objects are nested at most {@value
         *     StrictJson#MAX_DATA_NESTING} deep
         * @throws IllegalArgumentException if it is not; an unpaired surrogate in it, escaped or not, is an error too
         */
        public Json(String asText) {
            this(Objects.requireNonNull(asText, "asText"), StrictJson.isValid(asText, StrictJson.MAX_DATA_NESTING));
        }

        private Json(String text, boolean valid) {
            if (!valid) {
                throw new IllegalArgumentException("the content is not valid JSON, or nested more than "
                        + StrictJson.MAX_DATA_NESTING + " levels deep");
            }
            this.text = text;
        }

        /**
         * {@return a value without checking it again} For a protocol or a broker whose own reader has just read the text,
         * as strictly as the constructor would: clients can't read a message with any other.
         *
         * @param asText the text, or the JSON text
         */
        public static Json ofValid(String asText) {
            return new Json(Objects.requireNonNull(asText, "asText"), true);
        }

        @Override
        public String asText() {
            return text;
        }

        /** Returns whether the other is JSON that is written in the same way. */
        @Override
        public boolean equals(Object other) {
            return other instanceof Json json && json.text.equals(text);
        }

        @Override
        public int hashCode() {
            return text.hashCode();
        }

        @Override
        public String toString() {
            return "Json[asText=" + text + "]";
        }
    }
}

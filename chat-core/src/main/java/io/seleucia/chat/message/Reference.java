package io.seleucia.chat.message;

import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * A reference of a message to an earlier one of the same channel and epoch.
 *
 * @param offset the offset of the earlier message, from 1 on
 * @param kind what the message is to the earlier one
 * @param remove whether a reaction is taken back; false for any other kind
 */
public record Reference(long offset, Kind kind, boolean remove) {
    /** The maximum length of a reaction's text, in code points. */
    public static final int MAX_REACTION_LENGTH = 16;

    /** The relation of a message to the earlier one. All kinds but {@link #REPLY} are annotations: they only change the earlier one. */
    public enum Kind {
        /** An ordinary message that answers the earlier one. */
        REPLY,
        /** The new content of the earlier message. */
        EDIT,
        /** The deletion of the earlier message. It has no content. */
        DELETE,
        /** A reaction to the earlier message: a short text, such as an emoji. */
        REACTION;

        private final String word = name().toLowerCase(Locale.ROOT);

        /** {@return the word for the kind, on the wire and in stores} */
        public String word() {
            return word;
        }

        /**
         * {@return the kind with this word; empty if no kind has it}
         *
         * @param word the word
         */
        public static Optional<Kind> ofWord(String word) {
            for (Kind kind : values()) {
                if (kind.word.equals(word)) {
                    return Optional.of(kind);
                }
            }
            return Optional.empty();
        }
    }

    /** Refuses offsets below 1, and to take back anything but a reaction. */
    public Reference {
        Objects.requireNonNull(kind, "kind");
        if (offset < 1) {
            throw new IllegalArgumentException("a reference must have an offset from 1 on");
        }
        if (remove && kind != Kind.REACTION) {
            throw new IllegalArgumentException("only a reaction can be taken back");
        }
    }

    /**
     * Creates a reference that takes nothing back.
     *
     * @param offset the offset of the earlier message
     * @param kind what the message is to the earlier one
     */
    public Reference(long offset, Kind kind) {
        this(offset, kind, false);
    }

    /**
     * {@return whether a content may be that of a reaction}
     *
     * @param content the content
     */
    public static boolean isReaction(Content content) {
        String text = content.asText();
        return content instanceof Content.Text
                && !text.isEmpty()
                && text.codePointCount(0, text.length()) <= MAX_REACTION_LENGTH;
    }

    /** {@return whether the message only changes the earlier one, and is none by itself} */
    public boolean isAnnotation() {
        return kind != Kind.REPLY;
    }
}

package io.seleucia.chat.protocol;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import java.util.Optional;

/** Messages as protocols show them that know nothing but texts: an edit as a text of its own, and replies like all others. */
final class PlainText {
    private static final String EDITED = "* ";

    private PlainText() {}

    /** Returns the text; empty if there is none to be shown, as of deletions, reactions, and messages that are deleted. */
    static Optional<String> of(Message message) {
        String text = message.content().asText();
        if (!message.attributes().isAnnotation()) {
            return message.content() instanceof Content.None ? Optional.empty() : Optional.of(text);
        }
        return message.attributes().isEdit() && !(message.content() instanceof Content.None)
                ? Optional.of(EDITED + text)
                : Optional.empty();
    }
}

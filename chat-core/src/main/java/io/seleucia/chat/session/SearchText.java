package io.seleucia.chat.session;

import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.Content;
import java.util.Locale;
import java.util.Optional;

/**
 * The text that a search looks for, as it is written, but in any case. {@code ß} is the same as {@code ss}, and {@code i} is the
 * same with and without a dot, in any language.
 */
final class SearchText {
    private static final String DOTTED = "i\u0307"; // what İ is in lower case

    private final String folded;

    SearchText(String text) {
        this.folded = fold(text);
    }

    /** Returns whether a content is a text with this text in it, or an object that has such a text as {@code text}. */
    boolean isIn(Content content) {
        Optional<String> text = switch (content) {
            case Content.Text plain -> Optional.of(plain.asText());
            case Content.Json json -> StrictJson.stringMember(json.asText(), "text");
            case Content.None none -> Optional.empty();
        };
        return text.isPresent() && fold(text.get()).contains(folded);
    }

    /** Returns a text without the differences of case. Upper case in between unites letters that have two lower cases. */
    static String fold(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (isAscii(lower)) {
            return lower;
        }
        return lower.toUpperCase(Locale.ROOT)
                .toLowerCase(Locale.ROOT)
                .replace('ς', 'σ') // chosen by what follows
                .replace(DOTTED, "i");
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }
}

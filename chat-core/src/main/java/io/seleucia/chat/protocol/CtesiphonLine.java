package io.seleucia.chat.protocol;

import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import java.util.regex.Pattern;

/**
 * A message as Ctesiphon's clients receive it, {@code Channel : X, Sender : Y, Message : Z}. Without quotation marks, a name
 * or a text with such separators could pass for a line of another sender. This protocol refuses names with them, or with
 * similar characters; commas of such names from other protocols are escaped. The text is last, and is changed only if a
 * line of it looks like the beginning of a message.
 */
final class CtesiphonLine {
    private static final String COMMA = ",";
    private static final Pattern SEPARATOR = Pattern.compile(
            ", ?(?:%s|%s) ?:".formatted(Names.skeleton("Sender"), Names.skeleton("Message"))); // in skeletons
    private static final Pattern FORGED =
            Pattern.compile("(?i)(?:\\R|[\\x0b\\f\\x85\\u2028\\u2029])(?=[\\s\\p{Zs}]*channel[\\s\\p{Zs}]*:)");

    private CtesiphonLine() {}

    /** Returns whether a name could pass for the end of itself and the beginning of the next part of the line. */
    static boolean isAmbiguous(String name) {
        return name.length() > COMMA.length()
                && mayHaveComma(name)
                && SEPARATOR.matcher(Names.skeleton(name)).find();
    }

    /** Returns whether the skeleton of a name may have a comma. In ASCII, nothing else looks like one. */
    private static boolean mayHaveComma(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) == ',' || name.charAt(i) >= 0x80) {
                return true;
            }
        }
        return false;
    }

    /** Returns the line of a message that is shown as a text. */
    static String of(Message message, String text) {
        return "Channel : " + shown(message.channel()) + ", Sender : " + shown(message.sender()) + ", Message : "
                + unforged(text);
    }

    private static String unforged(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= '\n' && c <= '\r'
                    || c == 0x85
                    || c == 0x2028
                    || c == 0x2029) { // the usual text has no second line
                return FORGED.matcher(text).replaceAll("\\\\n");
            }
        }
        return text;
    }

    private static String shown(String name) {
        if (!isAmbiguous(name)) {
            return name;
        }
        StringBuilder shown = new StringBuilder();
        name.codePoints().forEach(character -> {
            if (Names.skeleton(Character.toString(character)).equals(COMMA)) {
                shown.append("\\u%04x".formatted(character));
            } else {
                shown.appendCodePoint(character);
            }
        });
        return shown.toString();
    }
}

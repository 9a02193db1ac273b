package io.seleucia.chat.message;

/**
 * Makes text safe to print in a line of a terminal, a log or a file for people: nothing in it can move the
 * cursor, begin another line, or change the order in which its letters are shown.
 */
public final class Printable {
    private Printable() {}

    /**
     * {@return a text with all control characters (C0, DEL and C1), format characters (such as those for the direction of
     * writing, and those that show nothing), line separators and lone surrogates written as escapes of JSON, such as
     * {@code \n} and {@code \u202e}} So it may also be applied to JSON in one line, without changing what that means.
     *
     * @param text the text
     */
    public static String line(String text) {
        if (text.codePoints().noneMatch(Printable::isHarmful)) {
            return text;
        }
        StringBuilder line = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(character -> {
            if (isHarmful(character)) {
                escape(character, line);
            } else {
                line.appendCodePoint(character);
            }
        });
        return line.toString();
    }

    private static boolean isHarmful(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> true;
            default -> false;
        };
    }

    private static void escape(int character, StringBuilder line) {
        switch (character) {
            case '\n' -> line.append("\\n");
            case '\r' -> line.append("\\r");
            case '\t' -> line.append("\\t");
            default -> {
                for (char half : Character.toChars(character)) {
                    line.append("\\u%04x".formatted((int) half));
                }
            }
        }
    }
}

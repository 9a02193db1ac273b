package io.seleucia.chat.text;

/**
 * A pattern in which {@code *} stands for any text, even an empty one. Matching allocates nothing; in the worst case its time
 * is the product of both lengths.
 *
 * @param prefix the pattern up to the first {@code *}
 * @param rest the pattern from the first {@code *} on
 */
public record Wildcard(String prefix, String rest) {
    /** Returns a pattern. */
    public static Wildcard of(String pattern) {
        int star = pattern.indexOf('*');
        return star < 0 ? new Wildcard(pattern, "") : new Wildcard(pattern.substring(0, star), pattern.substring(star));
    }

    /** Returns whether the pattern is one of a text. */
    public boolean matches(String text) {
        if (rest.isEmpty()) {
            return text.equals(prefix);
        }
        return text.startsWith(prefix) && (rest.length() == 1 || matchesRest(text));
    }

    /** Lets each {@code *} match as little as possible; after a mismatch, the last one takes one more character. */
    private boolean matchesRest(String text) {
        int at = prefix.length();
        int in = 0;
        int star = -1;
        int taken = at;
        while (at < text.length()) {
            if (in < rest.length() && rest.charAt(in) == '*') {
                star = in++;
                taken = at;
            } else if (in < rest.length() && rest.charAt(in) == text.charAt(at)) {
                in++;
                at++;
            } else if (star >= 0) {
                in = star + 1;
                at = ++taken;
            } else {
                return false;
            }
        }
        while (in < rest.length() && rest.charAt(in) == '*') {
            in++;
        }
        return in == rest.length();
    }
}

package io.seleucia.chat.auth;

/**
 * A pattern in which {@code *} stands for any text, the empty one included. Matching takes as long as the text, times the
 * pattern in the worst case; nothing is allocated.
 *
 * @param prefix what is before the first {@code *}, or all
 * @param rest what follows it, that included; empty if there is none
 */
record Wildcard(String prefix, String rest) {
    static Wildcard of(String pattern) {
        int star = pattern.indexOf('*');
        return star < 0 ? new Wildcard(pattern, "") : new Wildcard(pattern.substring(0, star), pattern.substring(star));
    }

    boolean matches(String text) {
        if (rest.isEmpty()) {
            return text.equals(prefix);
        }
        return text.startsWith(prefix) && (rest.length() == 1 || matchesRest(text));
    }

    /** Each {@code *} takes as little as it can; when that does not lead on, the last one takes one character more. */
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

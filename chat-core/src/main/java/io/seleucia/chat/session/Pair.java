package io.seleucia.chat.session;

import java.util.UUID;

/**
 * The attribute that joins the two halves of a direct message. Both have the same random id. The sender's half, which is stored
 * last, also has the place of the recipient's half.
 *
 * @param id the id; {@code ""} in a message that never had another half
 * @param other the offset of the recipient's half in the recipient's inbox; 0 if this is not known
 */
record Pair(String id, long other) {
    private static final char SEPARATOR = ' ';
    private static final int MAX_DIGITS = 18;

    /** Returns a new pair, for the recipient's half. */
    static Pair random() {
        return new Pair(UUID.randomUUID().toString(), 0);
    }

    /** Returns the pair that an attribute says. */
    static Pair of(String text) {
        int end = text.lastIndexOf(SEPARATOR);
        String digits = end < 0 ? "" : text.substring(end + 1);
        boolean known = !digits.isEmpty()
                && digits.length() <= MAX_DIGITS
                && digits.chars().allMatch(digit -> digit >= '0' && digit <= '9');
        return known ? new Pair(text.substring(0, end), Long.parseLong(digits)) : new Pair(text, 0);
    }

    /** Returns this pair, for the sender's half. */
    Pair withOther(long offset) {
        return new Pair(id, offset);
    }

    /** Returns whether another half has the same id. */
    boolean isSame(Pair half) {
        return !id.isEmpty() && id.equals(half.id);
    }

    /** Returns the attribute. */
    String text() {
        return other == 0 || id.isEmpty() ? id : id + SEPARATOR + other;
    }
}

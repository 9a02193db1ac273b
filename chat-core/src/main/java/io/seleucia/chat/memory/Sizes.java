package io.seleucia.chat.memory;

/** Sizes of objects in memory, by the layout of HotSpot with compressed references. */
public final class Sizes {
    private static final int TEXT = 40; // a String, and the head of its array
    private static final int LARGEST_LATIN_1 = 0xff;
    private static final int BLOCK = 4_096; // characters

    private Sizes() {}

    /**
     * {@return the bytes that a text takes: one for each character if all are Latin-1, and two otherwise}
     *
     * @param text the text
     */
    public static long ofText(String text) {
        return TEXT + (isLatin1(text) ? text.length() : 2L * text.length());
    }

    private static boolean isLatin1(String text) {
        for (int from = 0; from < text.length(); from += BLOCK) {
            if (!isLatin1(text, from, Math.min(text.length() - from, BLOCK))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isLatin1(String text, int from, int length) {
        int all = 0;
        for (int i = from; i < from + length; i++) {
            all |= text.charAt(i); // faster than a comparison of each
        }
        return all <= LARGEST_LATIN_1;
    }
}

package io.seleucia.chat.text;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A word of a line in a file of rules. Words are separated by white space, except within quotation marks; {@code #} begins a
 * comment.
 *
 * @param text the word without quotation marks
 * @param quoted whether it stood in quotation marks
 */
public record Word(String text, boolean quoted) {
    private static final Pattern WORD =
            Pattern.compile("\\s*(?:#.*|\"([^\"]*)\"(?=\\s|$)|([^\\s\"#][^\\s\"]*)(?=\\s|$)|$)");

    /** Returns whether this is a certain word, without quotation marks. */
    public boolean is(String plain) {
        return !quoted && text.equals(plain);
    }

    /**
     * Returns the words of a line.
     *
     * @throws IllegalArgumentException if a quotation mark does not stand at the beginning or the end of a word
     */
    public static List<Word> of(String line) {
        List<Word> words = new ArrayList<>();
        Matcher matcher = WORD.matcher(line);
        int end = 0;
        while (end < line.length() && matcher.find() && matcher.start() == end) {
            end = matcher.end();
            if (matcher.group(1) != null) {
                words.add(new Word(matcher.group(1), true));
            } else if (matcher.group(2) != null) {
                words.add(new Word(matcher.group(2), false));
            }
        }
        if (end < line.length()) {
            throw new IllegalArgumentException(
                    "a quotation mark must stand at the beginning of a word, and another at its end");
        }
        return words;
    }
}

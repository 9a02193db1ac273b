package io.seleucia.chat.message;

import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Reduces names to what they look like, in the manner of Unicode Technical Standard 39 (skeletons): compatibility forms
 * are resolved (NFKD), case is folded, and characters that look alike become one. The table is short, and has only what
 * can stand for a letter or digit of ASCII, for such names are forged most easily: letters of Latin, Greek, Cyrillic and
 * Armenian, digits, dashes and some signs.
 *
 * <p>Case is folded first, so a letter is compared by the form in which it looks like another most often.
 */
final class Skeleton {
    /** Characters that look like a letter, each followed by that letter; lower case only. */
    private static final String LETTERS = ""
            // digits and signs of ASCII
            + "0o" + "1l" + "il" + "|l"
            // Latin: small capitals and letters for phonetics
            + "\u0251a" + "\u1d00a" + "\u0299b" + "\u0180b" + "\u0253b" + "\u1d04c" + "\u1d05d" + "\u1d07e" + "\ua730f"
            + "\u0261g" + "\u0262g" + "\u029ch" + "\u0131l" + "\u0269l" + "\u026al" + "\u01c0l" + "\u01c3!" + "\u0237j"
            + "\u1d0aj" + "\u1d0bk" + "\u0138k" + "\u029fl" + "\u0274n" + "\u1d0fo" + "\u1d18p" + "\u0280r" + "\ua731s"
            + "\u1d1bt" + "\u1d1cu" + "\u028bu" + "\u1d20v" + "\u1d21w" + "\u028fy" + "\u0263y" + "\u1d22z"
            // Greek
            + "\u03b1a" + "\u03b2b" + "\u03b3y" + "\u03b5e" + "\u03b6z" + "\u03b7n" + "\u03b9l" + "\u03bak" + "\u03bcu"
            + "\u03bdv" + "\u03bfo" + "\u03c1p" + "\u03c3o" + "\u03c2c" + "\u03c4t" + "\u03c5u" + "\u03c7x" + "\u03f2c"
            + "\u03f3j" + "\u03f8p"
            // Cyrillic
            + "\u0430a" + "\u0432b" + "\u0433r" + "\u0435e" + "\u04373" + "\u043ak" + "\u043dh" + "\u043eo" + "\u043fn"
            + "\u0440p" + "\u0441c" + "\u0442t" + "\u0443y" + "\u0445x" + "\u044cb" + "\u0455s" + "\u0456l" + "\u0458j"
            + "\u0475v" + "\u04afy" + "\u04bbh" + "\u04cfl" + "\u04d9e" + "\u0501d" + "\u050dg" + "\u051bq" + "\u051dw"
            + "\u04e9o" + "\u04bde" + "\u0454e" + "\u0461w"
            // Armenian
            + "\u0585o" + "\u057du" + "\u0578n" + "\u0566q" + "\u0581g" + "\u0570h" + "\u0575j" + "\u056cl" + "\u057fs"
            // signs
            + "\u05c0l" + "\u2223l" + "\u2010-" + "\u2011-" + "\u2012-" + "\u2013-" + "\u2014-" + "\u2015-" + "\u2212-"
            + "\u2018'" + "\u2019'" + "\u02bc'" + "\u2032'" + "`'" + "\u00b4'" + "\u201a," + "\ua789:" + "\u2236:"
            + "\u02d0:" + "\u2044/" + "\u2215/";

    /** Capitals of Greek that look like another letter of Latin than their small forms do, each followed by that one. */
    private static final String GREEK_CAPITALS = "\u0397h\u039cm\u039dn\u03a5y";

    private static final Map<Integer, Character> LOOKS = pairs(LETTERS);
    private static final Map<Integer, Character> CAPITALS = pairs(GREEK_CAPITALS);

    private Skeleton() {}

    private static Map<Integer, Character> pairs(String table) {
        Map<Integer, Character> pairs = new HashMap<>();
        for (int i = 0; i < table.length(); i += 2) {
            pairs.put((int) table.charAt(i), table.charAt(i + 1));
        }
        return Map.copyOf(pairs);
    }

    /**
     * Returns a name's skeleton, in which {@code rn} has become {@code m}. Takes time by the square of the length, if the name is made for that.
     */
    static String of(String name) {
        String letters = decomposed(inLatin(Normalizer.normalize(name, Normalizer.Form.NFKC)));
        StringBuilder skeleton = new StringBuilder(letters.length());
        decomposed(folded(letters)).codePoints().forEach(character -> {
            if (Character.isSpaceChar(character)) {
                appendSpace(skeleton);
            } else if (!Names.isIgnorable(character) && Character.getType(character) != Character.FORMAT) {
                Character looks = LOOKS.get(character);
                skeleton.appendCodePoint(looks == null ? character : looks);
            }
        });
        return skeleton.toString().replace("rn", "m");
    }

    private static String decomposed(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFKD);
    }

    /** However many spaces there are, they look like one. */
    private static void appendSpace(StringBuilder skeleton) {
        if (!skeleton.isEmpty() && skeleton.charAt(skeleton.length() - 1) != ' ') {
            skeleton.append(' ');
        }
    }

    /** Takes Greek capitals among letters of Latin for those they look like; by themselves they are Greek, in any case. */
    private static String inLatin(String text) {
        if (text.codePoints().noneMatch(CAPITALS::containsKey)
                || text.codePoints().noneMatch(one -> UnicodeScript.of(one) == UnicodeScript.LATIN)) {
            return text;
        }
        StringBuilder letters = new StringBuilder(text.length());
        text.codePoints()
                .forEach(character ->
                        letters.appendCodePoint(CAPITALS.containsKey(character) ? CAPITALS.get(character) : character));
        return letters.toString();
    }

    /** Folds case, of one character after the other: what stands beside a letter does not matter. */
    private static String folded(String text) {
        StringBuilder folded = new StringBuilder(text.length());
        text.codePoints()
                .map(Character::toLowerCase) // capitals that upper case does not resolve, such as the sharp S
                .forEach(character -> {
                    if (character < 0x80) {
                        folded.append((char) character);
                    } else {
                        Character.toString(character)
                                .toUpperCase(Locale.ROOT)
                                .codePoints()
                                .map(Character::toLowerCase)
                                .forEach(folded::appendCodePoint);
                    }
                });
        return folded.toString();
    }
}

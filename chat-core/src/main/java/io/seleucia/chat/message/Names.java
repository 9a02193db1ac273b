package io.seleucia.chat.message;

import java.text.Normalizer;
import java.util.List;
import java.util.Optional;

/**
 * The rules for names, the same in all protocols. Lengths are counted in Unicode code points, of the {@linkplain
 * #normal normal form} (Unicode Standard Annex 15, NFC), which every name has from the moment it comes in.
 *
 * <p>The names of clients and channels are read by people, so they must look like what they are: they have no control
 * or format characters, no line ends, no white space at either end, and at least one character that can be seen.
 */
public final class Names {
    /** The longest channel name. */
    public static final int MAX_CHANNEL = 128;

    /** The longest client id. */
    public static final int MAX_CLIENT = 64;

    /** The longest name of a controller or of one of its topics. */
    public static final int MAX_TOPIC = 128;

    /** The longest idempotency key. */
    public static final int MAX_KEY = 128;

    private static final int MAX_RAW_CHARS = 2 * MAX_CHANNEL; // of UTF-16, before a name is normalised
    private static final int FIRST_COMPOSING = 0x300; // no character below it is changed by NFC, nor composes
    private static final int BLANK_PATTERN = 0x2800; // in Braille: a symbol that shows nothing

    private static final String INBOX = "@";
    private static final String ACCOUNT_INBOX = INBOX + " ";

    /**
     * The channel by which the servers that share a broker tell each other what operators want: it would be the inbox of
     * a client without a name, which there is not.
     */
    public static final String CONTROL_CHANNEL = INBOX;

    /**
     * The channel by which the servers that share a broker ask each other for lists that an operator sees: it would be the
     * inbox of an account without a name, which there is not.
     */
    public static final String SERVERS_CHANNEL = ACCOUNT_INBOX;

    private Names() {}

    /**
     * {@return the channel by which other servers that share a broker reach one of them} It would be the inbox of an account whose
     * name begins with a space, which there is not.
     *
     * @param server the server's id
     */
    public static String serverChannelOf(String server) {
        return ACCOUNT_INBOX + " " + server;
    }

    /**
     * {@return the name by which clients know the inbox of a client} It is also the channel of a broker that carries what
     * is sent to the client, if that is a guest, or there are no accounts; see {@link #accountInboxOf}.
     *
     * @param client the client's name
     */
    public static String inboxOf(String client) {
        return INBOX + client;
    }

    /**
     * {@return the channel of a broker that carries what is sent to an account} It is another one than that of a guest of
     * the same name, so that neither ever reads what was sent to the other: no guest's name begins with a space.
     *
     * @param account the account's name
     */
    public static String accountInboxOf(String account) {
        return ACCOUNT_INBOX + account;
    }

    /**
     * {@return the name by which clients know a channel of a broker}
     *
     * @param channel the channel's name
     */
    public static String shown(String channel) {
        return channel.startsWith(ACCOUNT_INBOX) ? inboxOf(channel.substring(ACCOUNT_INBOX.length())) : channel;
    }

    /**
     * {@return the channels of a broker that clients may know by a name: one, but for an inbox}
     *
     * @param shown the name of a channel as clients are told it
     */
    public static List<String> channelsOf(String shown) {
        return isInbox(shown) && !shown.equals(CONTROL_CHANNEL)
                ? List.of(shown, accountInboxOf(shown.substring(INBOX.length())))
                : List.of(shown);
    }

    /**
     * {@return whether a channel is an inbox}
     *
     * @param channel the channel's name
     */
    public static boolean isInbox(String channel) {
        return channel.startsWith(INBOX);
    }

    /**
     * {@return what is wrong with an idempotency key: a sentence for a person, or empty if it is a good one, or none}
     *
     * @param key the key
     */
    public static Optional<String> flawOfKey(String key) {
        return key.isEmpty() ? Optional.empty() : flaw("a key", key, MAX_KEY);
    }

    /**
     * {@return what is wrong with the name of a method: a sentence for a person, or empty if it is a good one}
     *
     * @param method the name
     */
    public static Optional<String> flawOfMethod(String method) {
        return flawOfShown("a method's name", method, MAX_CLIENT);
    }

    /**
     * {@return what is wrong with a channel's name: a sentence for a person, or empty if it is a good one}
     *
     * @param name the name
     */
    public static Optional<String> flawOfChannel(String name) {
        return isInbox(name)
                ? Optional.of("a channel's name must not start with @")
                : flawOfShown("a channel's name", name, MAX_CHANNEL);
    }

    /**
     * {@return what is wrong with the name of a channel or an inbox: a sentence for a person, or empty if it is a good one} The
     * channel of the servers is neither.
     *
     * @param name the name
     */
    public static Optional<String> flawOfHistory(String name) {
        if (name.equals(CONTROL_CHANNEL)) {
            return Optional.of(CONTROL_CHANNEL + " is the channel of the servers, and no client's inbox");
        }
        return isInbox(name) ? flawOfClient(name.substring(INBOX.length())) : flawOfChannel(name);
    }

    /**
     * {@return what is wrong with a client id: a sentence for a person, or empty if it is a good one}
     *
     * @param id the client id
     */
    public static Optional<String> flawOfClient(String id) {
        return flawOfShown("a client id", id, MAX_CLIENT);
    }

    /**
     * {@return what is wrong with the name of a controller or a topic: a sentence for a person, or empty if it is a good one}
     *
     * @param name the name
     */
    public static Optional<String> flawOfTopic(String name) {
        return flaw("the name of a controller or a topic", name, MAX_TOPIC);
    }

    /**
     * {@return whether the text can be written as UTF-8: no surrogate stands alone}
     *
     * @param text the text
     */
    public static boolean isUnicode(String text) {
        int next = 0;
        while (next < text.length()) {
            if (Character.isSurrogate(text.charAt(next))) {
                if (!Character.isSupplementaryCodePoint(text.codePointAt(next))) {
                    return false;
                }
                next++; // the low surrogate
            }
            next++;
        }
        return true;
    }

    /**
     * {@return the one form of a name that the server knows (NFC), of all those that look the same and mean the same} A
     * text that is too long to be any name is returned as it is: normalising may take time by the square of the length.
     *
     * @param name the name
     */
    public static String normal(String name) {
        if (name.length() > MAX_RAW_CHARS) {
            return name;
        }
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) >= FIRST_COMPOSING) {
                return Normalizer.isNormalized(name, Normalizer.Form.NFC)
                        ? name
                        : Normalizer.normalize(name, Normalizer.Form.NFC);
            }
        }
        return name;
    }

    /**
     * {@return what a name looks like: two names have the same skeleton if a person may take one for the other} Names that
     * differ only in case, in width or in the form of their letters have one skeleton, and so have those that are spelt
     * with look-alikes from other scripts, such as a Cyrillic {@code а} for an {@code a}, or with {@code 0} for {@code o}
     * and {@code 1}, {@code I} or {@code |} for {@code l}; see docs/security.md for the list. A skeleton is for comparing,
     * and not to be shown. A text that is too long to be any name is its own skeleton.
     *
     * @param name the name
     */
    public static String skeleton(String name) {
        return name.length() > MAX_RAW_CHARS ? name : Skeleton.of(name);
    }

    private static Optional<String> flaw(String what, String raw, int max) {
        String name = normal(raw);
        // The first comparison spares counting the code points of a name that is far too long.
        if (name.isEmpty() || name.length() > 2 * max || name.codePointCount(0, name.length()) > max) {
            return Optional.of(what + " must have 1 to " + max + " characters");
        }
        if (isPlain(name)) {
            return Optional.empty();
        }
        if (name.chars().anyMatch(Character::isISOControl)) {
            return Optional.of(what + " must not have control characters");
        }
        return isUnicode(name) ? Optional.empty() : Optional.of(what + " must be valid Unicode");
    }

    /** Returns what keeps a text, which people read, from being a name. */
    private static Optional<String> flawOfShown(String what, String raw, int max) {
        Optional<String> flaw = flaw(what, raw, max);
        String name = flaw.isPresent() ? "" : normal(raw);
        if (flaw.isPresent() || isPlain(name)) {
            return flaw;
        }
        if (name.codePoints().anyMatch(Names::isFormat)) {
            return Optional.of(what + " must not have format characters, such as those that show nothing");
        }
        if (Character.isSpaceChar(name.codePointAt(0)) || Character.isSpaceChar(name.codePointBefore(name.length()))) {
            return Optional.of(what + " must not begin or end with white space");
        }
        return name.codePoints().anyMatch(Names::isVisible)
                ? Optional.empty()
                : Optional.of(what + " must have a character that can be seen");
    }

    /** Returns whether there are only letters and signs of ASCII, for which no further rule matters. */
    private static boolean isPlain(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) <= ' ' || name.charAt(i) > '~') {
                return false;
            }
        }
        return true;
    }

    /** Returns whether a character changes how others are shown, or begins a line, instead of being shown itself. */
    private static boolean isFormat(int character) {
        return switch (Character.getType(character)) {
            case Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
            default -> isIgnorable(character);
        };
    }

    /**
     * Returns whether a character has the property Default_Ignorable_Code_Point, which the JDK does not tell. Those in
     * the category of format characters are left out.
     */
    static boolean isIgnorable(int character) {
        return character == 0x34f // combining grapheme joiner
                || character == 0x115f // fillers of Hangul
                || character == 0x1160
                || character == 0x3164
                || character == 0xffa0
                || character == 0x17b4 // vowels of Khmer that are inherent
                || character == 0x17b5
                || character >= 0x180b && character <= 0x180f // variation selectors
                || character >= 0xfe00 && character <= 0xfe0f
                || character == 0x2065 // reserved among format characters
                || character >= 0xfff0 && character <= 0xfff8
                || character >= 0xe0000 && character <= 0xe0fff; // tags, more variation selectors, and reserved ones
    }

    private static boolean isVisible(int character) {
        return switch (Character.getType(character)) {
            case Character.SPACE_SEPARATOR,
                    Character.NON_SPACING_MARK,
                    Character.ENCLOSING_MARK,
                    Character.COMBINING_SPACING_MARK -> false;
            default -> character != BLANK_PATTERN;
        };
    }
}

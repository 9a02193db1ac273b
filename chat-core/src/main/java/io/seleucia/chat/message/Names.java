package io.seleucia.chat.message;

import java.util.Optional;

/** The rules for names, the same in all protocols. Lengths are counted in Unicode code points. */
public final class Names {
    /** The longest channel name. */
    public static final int MAX_CHANNEL = 128;

    /** The longest client id. */
    public static final int MAX_CLIENT = 64;

    /** The longest name of a controller or of one of its topics. */
    public static final int MAX_TOPIC = 128;

    /** The longest idempotency key. */
    public static final int MAX_KEY = 128;

    private static final String INBOX = "@";

    /**
     * The channel by which the servers that share a broker tell each other what operators want: it would be the inbox of
     * a client without a name, which there is not.
     */
    public static final String CONTROL_CHANNEL = INBOX;

    private Names() {}

    /** The channel that carries what is sent to a client. */
    public static String inboxOf(String client) {
        return INBOX + client;
    }

    /** Whether a channel is somebody's inbox. */
    public static boolean isInbox(String channel) {
        return channel.startsWith(INBOX);
    }

    /** What is wrong with an idempotency key: a sentence for a person, or empty if it is a good one, or none. */
    public static Optional<String> flawOfKey(String key) {
        return key.isEmpty() ? Optional.empty() : flaw("a key", key, MAX_KEY);
    }

    /** What is wrong with a channel's name: a sentence for a person, or empty if it is a good one. */
    public static Optional<String> flawOfChannel(String name) {
        return isInbox(name)
                ? Optional.of("a channel's name must not start with @")
                : flaw("a channel's name", name, MAX_CHANNEL);
    }

    /**
     * What is wrong with the name of a channel or an inbox: a sentence for a person, or empty if it is a good one. The
     * channel of the servers is neither.
     */
    public static Optional<String> flawOfHistory(String name) {
        if (name.equals(CONTROL_CHANNEL)) {
            return Optional.of(CONTROL_CHANNEL + " is the channel of the servers, and no client's inbox");
        }
        return isInbox(name) ? flawOfClient(name.substring(INBOX.length())) : flawOfChannel(name);
    }

    /** What is wrong with a client id: a sentence for a person, or empty if it is a good one. */
    public static Optional<String> flawOfClient(String id) {
        return flaw("a client id", id, MAX_CLIENT);
    }

    /** What is wrong with the name of a controller or a topic: a sentence for a person, or empty if it is a good one. */
    public static Optional<String> flawOfTopic(String name) {
        return flaw("the name of a controller or a topic", name, MAX_TOPIC);
    }

    /** Whether the text can be written as UTF-8: no surrogate stands alone. */
    public static boolean isUnicode(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!Character.isSurrogate(text.charAt(i))) {
                continue;
            }
            if (!Character.isSupplementaryCodePoint(text.codePointAt(i))) {
                return false;
            }
            i++;
        }
        return true;
    }

    private static Optional<String> flaw(String what, String name, int max) {
        // The first comparison spares counting the code points of a name that is far too long.
        if (name.isEmpty() || name.length() > 2 * max || name.codePointCount(0, name.length()) > max) {
            return Optional.of(what + " must have 1 to " + max + " characters");
        }
        if (name.chars().anyMatch(Character::isISOControl)) {
            return Optional.of(what + " must not have control characters");
        }
        return isUnicode(name) ? Optional.empty() : Optional.of(what + " must be valid Unicode");
    }
}

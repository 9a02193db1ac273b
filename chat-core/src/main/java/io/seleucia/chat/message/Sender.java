package io.seleucia.chat.message;

import java.util.Objects;

/**
 * A client as others see it: its client id, and whether something proves who it is.
 *
 * @param name the client id
 * @param guest whether it has no login on a server that has accounts; false where there are no accounts at all
 */
public record Sender(String name, boolean guest) {
    private static final String GUEST = " "; // with which no name can end

    /** Refuses null. */
    public Sender {
        Objects.requireNonNull(name, "name");
    }

    /**
     * {@return an account, or a client of a server without accounts}
     *
     * @param name the name
     */
    public static Sender of(String name) {
        return new Sender(name, false);
    }

    /**
     * {@return a text that stands for it where there is one text for each client, such as in keys: the name, behind that of
     * a guest a space}
     */
    public String key() {
        return guest ? name + GUEST : name;
    }

    /**
     * {@return what a text of {@link #key} stands for}
     *
     * @param key the key
     */
    public static Sender ofKey(String key) {
        return key.endsWith(GUEST) ? new Sender(key.substring(0, key.length() - 1), true) : of(key);
    }
}

package io.seleucia.chat.transport;

import java.util.List;
import java.util.regex.Pattern;

/**
 * The path below which a proxy publishes the server. It may be in the paths of requests, or the proxy may have removed it.
 *
 * @param prefix empty, or a path without a slash at its end
 */
public record BasePath(String prefix) {
    /** The root, where a server is that has its host for itself. */
    public static final BasePath ROOT = new BasePath("");

    private static final Pattern PATH = Pattern.compile("(/[A-Za-z0-9._~-]+)*/?");
    private static final List<String> DOTS = List.of(".", "..");

    /**
     * Returns the base path that a text names, such as {@code /chat}, with a slash at its end or not; {@code /} is the root.
     *
     * @throws IllegalArgumentException if the text is none
     */
    public static BasePath of(String text) {
        if (!PATH.matcher(text).matches() || List.of(text.split("/")).stream().anyMatch(DOTS::contains)) {
            throw new IllegalArgumentException(
                    "a base path must begin with /, and have letters, digits, - . _ and ~ between slashes: " + text);
        }
        return new BasePath(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
    }
}

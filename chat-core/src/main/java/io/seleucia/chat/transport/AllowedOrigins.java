package io.seleucia.chat.transport;

import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The origins whose pages may connect. Immutable; any thread. */
public final class AllowedOrigins {
    /** Only the origin of the request's own host. */
    public static final AllowedOrigins OWN = new AllowedOrigins(Set.of());

    private static final String ANY = "*";
    private static final String NONE = "null"; // of a page without an origin, such as a file
    private static final String SUBDOMAINS = "://*.";
    private static final Set<String> NOT_OF_PAGES = Set.of("ws", "wss");

    private final Set<String> words = new HashSet<>(); // those that are no origins
    private final Set<Origin> exact = new HashSet<>();
    private final Set<Origin> parents = new HashSet<>(); // of subdomains

    private AllowedOrigins(Collection<String> texts) {
        for (String text : texts) {
            if (text.equals(ANY) || text.equals(NONE)) {
                words.add(text);
            } else if (text.contains(SUBDOMAINS)) {
                parents.add(origin(text, text.replaceFirst("://\\*\\.", "://")));
            } else {
                exact.add(origin(text, text));
            }
        }
    }

    /**
     * Returns these origins, such as {@code https://chat.example} and {@code http://localhost:3000}. {@code https://*.example.com}
     * stands for all subdomains of {@code example.com}, but not for itself; {@code *} for any origin, and {@code null} for pages
     * without one.
     *
     * @throws IllegalArgumentException if one is none of these, such as one with a path
     */
    public static AllowedOrigins of(Collection<String> texts) {
        return texts.isEmpty() ? OWN : new AllowedOrigins(texts);
    }

    private static Origin origin(String given, String text) {
        return Origin.of(text)
                .filter(origin ->
                        !NOT_OF_PAGES.contains(origin.scheme()) && origin.host().indexOf('*') < 0)
                .orElseThrow(() -> new IllegalArgumentException(
                        "an origin must be a scheme, :// and a host, with a port or not and without a path, such as"
                                + " https://chat.example or https://*.chat.example: " + given));
    }

    /** Returns whether only the origin of the request's own host is allowed. */
    boolean isOwnOnly() {
        return words.isEmpty() && exact.isEmpty() && parents.isEmpty();
    }

    /** Returns whether all origins are allowed. */
    public boolean includesAll() {
        return words.contains(ANY);
    }

    /** Returns whether the value of a field {@code Origin} is one of these. */
    boolean include(String text) {
        if (includesAll() || words.contains(text)) {
            return true;
        }
        Optional<Origin> origin = Origin.of(text);
        return origin.isPresent()
                && (exact.contains(origin.get())
                        || parents.stream().anyMatch(parent -> isSubdomain(origin.get(), parent)));
    }

    private static boolean isSubdomain(Origin origin, Origin parent) {
        return origin.scheme().equals(parent.scheme())
                && origin.port() == parent.port()
                && origin.host().length() > parent.host().length() + 1
                && origin.host().endsWith("." + parent.host());
    }

    /** Returns the hosts of the origins that are named in full. */
    public Set<String> hosts() {
        return exact.stream().map(Origin::host).collect(Collectors.toUnmodifiableSet());
    }
}

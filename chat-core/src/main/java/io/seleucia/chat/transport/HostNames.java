package io.seleucia.chat.transport;

import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The names of a server, one of which a request must have as its host. That protects from DNS rebinding: to the browser, a
 * page whose name was made to point at this server is of the server's own origin. Immutable; any thread.
 */
public final class HostNames {
    /** Any name. */
    public static final HostNames ANY = new HostNames(Set.of());

    private final Set<String> names; // canonical; empty for any

    private HostNames(Set<String> names) {
        this.names = names;
    }

    /**
     * Returns these names; any if {@code *} is one of them. Case does not matter; IPv6 addresses are in brackets.
     *
     * @throws IllegalArgumentException if there is no name, or one is neither a name nor an address, or has a port
     */
    public static HostNames of(Collection<String> names) {
        if (names.isEmpty()) {
            throw new IllegalArgumentException("there must be a host name");
        }
        for (String name : names) {
            if (!name.equals("*") && !isName(name)) {
                throw new IllegalArgumentException(
                        "a host must be a name, or an address (of IPv6 in brackets), without a port: " + name);
            }
        }
        return names.contains("*")
                ? ANY
                : new HostNames(names.stream().map(Origin::canonical).collect(Collectors.toUnmodifiableSet()));
    }

    private static boolean isName(String text) {
        return HttpHead.isHost(text) && Origin.hostOf(text).equals(text);
    }

    /** Returns whether a host is one of these. Its port does not count: a proxy may have another one. */
    boolean include(String host) {
        return names.isEmpty() || names.contains(Origin.canonical(Origin.hostOf(host)));
    }
}

package io.seleucia.chat.transport;

import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The names by which clients call a server: what a request must name as its host. A page whose name was made to point at
 * this server (DNS rebinding) is of the same origin as the server in the eyes of its browser, and is told by that name
 * only. Immutable; any thread.
 */
public final class HostNames {
    /** Any name. */
    public static final HostNames ANY = new HostNames(Set.of());

    private final Set<String> names; // canonical; empty for any

    private HostNames(Set<String> names) {
        this.names = names;
    }

    /**
     * Returns these names; any if {@code *} is among them. Case does not matter, and addresses of IPv6 stand in brackets.
     *
     * @throws IllegalArgumentException if there is none, or one is neither a name nor an address, or has a port
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

    /** Returns whether a host is one of these. Its port does not matter: a proxy may have another one. */
    boolean include(String host) {
        return names.isEmpty() || names.contains(Origin.canonical(Origin.hostOf(host)));
    }

    /** Returns the host that an origin names, if it names one. */
    public static Optional<String> ofOrigin(String origin) {
        return Origin.of(origin).map(Origin::host);
    }
}

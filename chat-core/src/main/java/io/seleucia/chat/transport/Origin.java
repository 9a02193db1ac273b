package io.seleucia.chat.transport;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;

/**
 * The origin of a page (RFC 6454), normalised: scheme and host are in lower case, IPv6 addresses in one spelling, and a port
 * that is left out is the scheme's.
 */
record Origin(String scheme, String host, int port) {
    private static final int MAX_PORT = 65_535;
    private static final int NO_PORT = -1; // of a scheme without a usual one

    /** Returns the origin that a field {@code Origin} names; empty for {@code null} and a malformed one. */
    static Optional<Origin> of(String text) {
        int end = text.indexOf("://");
        if (end < 1 || !HttpHead.isToken(text.substring(0, end))) {
            return Optional.empty();
        }
        return of(text.substring(0, end), text.substring(end + "://".length()));
    }

    /** @param authority a host, with a port or not */
    static Optional<Origin> of(String scheme, String authority) {
        if (!HttpHead.isHost(authority)) {
            return Optional.empty();
        }
        String name = scheme.toLowerCase(Locale.ROOT);
        String host = hostOf(authority);
        String digits = authority.substring(Math.min(authority.length(), host.length() + 1));
        int port = digits.isEmpty() ? usualPort(name) : digits.length() > 5 ? MAX_PORT + 1 : Integer.parseInt(digits);
        return port > MAX_PORT ? Optional.empty() : Optional.of(new Origin(name, canonical(host), port));
    }

    private static int usualPort(String scheme) {
        return switch (scheme) {
            case "http", "ws" -> 80;
            case "https", "wss" -> 443;
            default -> NO_PORT;
        };
    }

    /** Returns an authority without its port. {@link java.net.URI} would refuse a host with an underscore. */
    static String hostOf(String authority) {
        int colon = authority.lastIndexOf(':');
        return colon < 0 || authority.endsWith("]") ? authority : authority.substring(0, colon);
    }

    /** Returns the one spelling of a host: a name in lower case, an address of IPv6 in brackets and in full. */
    static String canonical(String host) {
        if (!host.startsWith("[")) {
            return host.toLowerCase(Locale.ROOT);
        }
        try {
            String address = InetAddress.getByName(host).getHostAddress(); // without a look-up
            return address.contains(":") ? "[" + address + "]" : address;
        } catch (UnknownHostException e) {
            return host; // which equals no valid one
        }
    }
}

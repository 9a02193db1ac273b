package io.seleucia.chat.transport;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The statements of trusted proxies about a request, in the fields {@code Forwarded} (RFC 7239) or {@code X-Forwarded-For}, {@code -Proto}
 * and {@code -Host}. Each proxy adds the address of its own peer at the end, so they are read from there: the last hop that is
 * not trusted is the client, and what stands before it is the client's own claim.
 *
 * @param client the client; its port is 0 if it is not known; empty if there is no such field, or a hop is not an address
 * @param scheme the scheme that the client used, in lower case
 * @param host the host that the client asked for
 */
record Forwarded(Optional<InetSocketAddress> client, Optional<String> scheme, Optional<String> host) {
    /** Nothing is said. */
    static final Forwarded NOTHING = new Forwarded(Optional.empty(), Optional.empty(), Optional.empty());

    private static final Set<String> SCHEMES = Set.of("http", "https");
    private static final String UNIX = "unix:"; // which nginx writes for such a peer

    /**
     * Reads the fields of a request whose peer is trusted.
     *
     * @throws HandshakeException if {@code Forwarded} is malformed, or the two kinds of fields name different clients: then
     *     the proxy passes on what a client has written
     */
    static Forwarded of(HttpHead head, TrustedProxies trusted) throws HandshakeException {
        Forwarded usual = ofUsualFields(head, trusted);
        List<ForwardedElement> elements = ForwardedElement.all(String.join(",", head.lines("forwarded")));
        if (elements.isEmpty()) {
            return usual;
        }
        List<String> hops = new ArrayList<>();
        elements.forEach(element -> hops.add(element.value("for").orElse("")));
        int last = lastUntrusted(hops, trusted);
        Optional<InetSocketAddress> client = clientOf(hops, last);
        if (!head.lines("x-forwarded-for").isEmpty()
                && !usual.client()
                        .map(InetSocketAddress::getAddress)
                        .equals(client.map(InetSocketAddress::getAddress))) {
            throw new HandshakeException(
                    400,
                    "Forwarded and X-Forwarded-For name different clients: the proxy must set one of them and remove the other");
        }
        ForwardedElement element = elements.get(last);
        return new Forwarded(
                client.or(usual::client),
                element.value("proto").flatMap(Forwarded::scheme).or(usual::scheme),
                element.value("host").filter(HttpHead::isHost).or(usual::host));
    }

    private static Forwarded ofUsualFields(HttpHead head, TrustedProxies trusted) {
        List<String> hops = head.list("x-forwarded-for");
        int last = hops.isEmpty() ? 0 : lastUntrusted(hops, trusted);
        int behind = Math.max(0, hops.size() - 1 - last);
        return new Forwarded(
                hops.isEmpty() ? Optional.empty() : clientOf(hops, last),
                fromEnd(head.list("x-forwarded-proto"), behind).flatMap(Forwarded::scheme),
                fromEnd(head.list("x-forwarded-host"), behind).filter(HttpHead::isHost));
    }

    private static Optional<String> scheme(String text) {
        return Optional.of(text.toLowerCase(Locale.ROOT)).filter(SCHEMES::contains);
    }

    /** Returns the member with so many behind it, or the first, as most proxies replace the list. */
    private static Optional<String> fromEnd(List<String> members, int behind) {
        return members.isEmpty()
                ? Optional.empty()
                : Optional.of(members.get(Math.max(0, members.size() - 1 - behind)));
    }

    /** Returns the index of the last hop that is not a trusted proxy; of the first, if all are. */
    private static int lastUntrusted(List<String> hops, TrustedProxies trusted) {
        int i = hops.size() - 1;
        while (i > 0 && isTrusted(hops.get(i), trusted)) {
            i--;
        }
        return i;
    }

    private static boolean isTrusted(String hop, TrustedProxies trusted) {
        if (hop.equals(UNIX)) {
            return trusted.includeUnix();
        }
        Optional<InetAddress> address = IpAddresses.withPort(hop).map(InetSocketAddress::getAddress);
        return address.isPresent() && trusted.include(address.get());
    }

    private static Optional<InetSocketAddress> clientOf(List<String> hops, int index) {
        return IpAddresses.withPort(hops.get(index));
    }
}

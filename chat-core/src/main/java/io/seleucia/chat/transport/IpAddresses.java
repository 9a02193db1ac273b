package io.seleucia.chat.transport;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Pattern;

/** Addresses of IP as proxies write them. Strict: no names, which are never looked up, no zones and no shortened IPv4. */
final class IpAddresses {
    private static final String OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final Pattern V4 = Pattern.compile(OCTET + "(?:\\." + OCTET + "){3}");
    private static final Pattern V6 = Pattern.compile("[0-9A-Fa-f:.]{2,45}");
    private static final Pattern PORT = Pattern.compile("0|[1-9]\\d{0,4}");
    private static final int MAX_PORT = 65_535;
    private static final int UNKNOWN_PORT = 0;

    private IpAddresses() {}

    /** Returns the address of IPv4 that a text is. */
    static Optional<InetAddress> v4(String text) {
        return V4.matcher(text).matches() ? parsed(text) : Optional.empty();
    }

    /** Returns the address of IPv6 that a text is, without brackets. One that maps an address of IPv4 is that. */
    static Optional<InetAddress> v6(String text) {
        return text.indexOf(':') >= 0 && V6.matcher(text).matches() ? parsed(text) : Optional.empty();
    }

    /** Returns the address of either kind that a text is. */
    static Optional<InetAddress> of(String text) {
        return text.indexOf(':') >= 0 ? v6(text) : v4(text);
    }

    private static Optional<InetAddress> parsed(String literal) {
        try {
            return Optional.of(InetAddress.getByName(literal));
        } catch (UnknownHostException e) { // a text with a colon is an address or nothing
            return Optional.empty();
        }
    }

    /** Returns the port that a text is, in decimal without leading zeros; -1 if it is none. */
    static int port(String text) {
        int port = PORT.matcher(text).matches() ? Integer.parseInt(text) : -1;
        return port > MAX_PORT ? -1 : port;
    }

    /**
     * Returns the address, and the port if there is one, that a text names: {@code 192.0.2.1}, {@code 192.0.2.1:80}, {@code
     * 2001:db8::1}, {@code [2001:db8::1]} or {@code [2001:db8::1]:80}. The port 0 stands for none.
     */
    static Optional<InetSocketAddress> withPort(String text) {
        if (text.startsWith("[")) {
            int end = text.indexOf(']');
            return end < 0
                    ? Optional.empty()
                    : v6(text.substring(1, end)).flatMap(address -> at(address, text.substring(end + 1)));
        }
        int colon = text.indexOf(':');
        return colon >= 0 && colon == text.lastIndexOf(':')
                ? v4(text.substring(0, colon)).flatMap(address -> at(address, text.substring(colon)))
                : of(text).flatMap(address -> at(address, ""));
    }

    /** @param port empty, or a colon and a port */
    private static Optional<InetSocketAddress> at(InetAddress address, String port) {
        int number = port.isEmpty() ? UNKNOWN_PORT : port.startsWith(":") ? port(port.substring(1)) : -1;
        return number < 0 ? Optional.empty() : Optional.of(new InetSocketAddress(address, number));
    }
}

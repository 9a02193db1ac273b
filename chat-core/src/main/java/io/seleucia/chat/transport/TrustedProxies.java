package io.seleucia.chat.transport;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The addresses of proxies that are believed when they say for which client they speak. Immutable; any thread.
 */
public final class TrustedProxies {
    /** No proxies: all peers speak for themselves. */
    public static final TrustedProxies NONE = new TrustedProxies(List.of(), false);

    private static final String UNIX = "unix";

    private final List<Range> ranges;
    private final boolean unix;

    /** The addresses that begin with the same bits. */
    private record Range(byte[] address, int bits) {
        boolean includes(byte[] other) {
            if (other.length != address.length) {
                return false;
            }
            for (int i = 0; i < bits; i += Byte.SIZE) {
                int mask = 0xff << Math.max(0, Byte.SIZE - (bits - i)) & 0xff;
                if (((address[i / Byte.SIZE] ^ other[i / Byte.SIZE]) & mask) != 0) {
                    return false;
                }
            }
            return true;
        }
    }

    private TrustedProxies(List<Range> ranges, boolean unix) {
        this.ranges = List.copyOf(ranges);
        this.unix = unix;
    }

    /**
     * Returns these proxies: addresses such as {@code 192.0.2.1} and {@code 2001:db8::1}, networks such as {@code 10.0.0.0/8},
     * and {@code unix} for proxies that were reached over a Unix domain socket.
     *
     * @throws IllegalArgumentException if a text is none of these, or a network has bits set behind its length
     */
    public static TrustedProxies of(Collection<String> proxies) {
        List<Range> ranges = new ArrayList<>();
        for (String proxy : proxies) {
            if (!proxy.equals(UNIX)) {
                ranges.add(range(proxy)
                        .orElseThrow(() -> new IllegalArgumentException("a trusted proxy must be an address, a network"
                                + " such as 10.0.0.0/8 (without bits behind its length), or unix: " + proxy)));
            }
        }
        return new TrustedProxies(ranges, proxies.contains(UNIX));
    }

    private static Optional<Range> range(String text) {
        int slash = text.indexOf('/');
        Optional<InetAddress> address = IpAddresses.of(slash < 0 ? text : text.substring(0, slash));
        if (address.isEmpty()) {
            return Optional.empty();
        }
        byte[] bytes = address.get().getAddress();
        int all = bytes.length * Byte.SIZE;
        int bits = slash < 0 ? all : IpAddresses.port(text.substring(slash + 1));
        boolean network = bits >= 0 && bits <= all;
        for (int i = Math.max(0, bits); i < all; i++) {
            network = network && (bytes[i / Byte.SIZE] >> Byte.SIZE - 1 - i % Byte.SIZE & 1) == 0;
        }
        return network ? Optional.of(new Range(bytes, bits)) : Optional.empty();
    }

    /** Returns whether an address is that of a trusted proxy. */
    public boolean include(InetAddress address) {
        if (ranges.isEmpty()) {
            return false;
        }
        byte[] bytes = address.getAddress();
        for (Range range : ranges) {
            if (range.includes(bytes)) {
                return true;
            }
        }
        return false;
    }

    /** Returns whether a proxy is trusted that another one was reached by over a Unix domain socket. */
    boolean includeUnix() {
        return unix;
    }
}

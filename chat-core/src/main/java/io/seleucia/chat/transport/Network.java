package io.seleucia.chat.transport;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;

/**
 * The addresses that count as one peer where something is counted by address: an IPv4 address, or an IPv6 network of 64
 * bits, within which a peer chooses its addresses freely (RFC 4291 §2.5.4). An IPv4 address that is translated to IPv6
 * under the well-known prefix {@code 64:ff9b::/96} (RFC 6052) counts as itself.
 *
 * @param bits the address of IPv4, or the first half of that of IPv6
 */
public record Network(boolean v6, long bits) {
    private static final int GROUPS = 4;
    private static final long TRANSLATED = 0x0064_ff9b_0000_0000L;

    /** Returns the network of an address. */
    public static Network of(InetAddress address) {
        ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        if (!(address instanceof Inet6Address)) {
            return new Network(false, bytes.getInt());
        }
        long prefix = bytes.getLong();
        boolean translated = prefix == TRANSLATED && bytes.getInt() == 0;
        return translated ? new Network(false, bytes.getInt()) : new Network(true, prefix);
    }

    /** Returns, as text, the network of an address that the JDK has written: IPv6 in eight groups, none left out. */
    public static String textOf(String address) {
        int end = -1;
        for (int group = 0; group < GROUPS; group++) {
            end = address.indexOf(':', end + 1);
            if (end < 0) {
                return address;
            }
        }
        return address.substring(0, end);
    }
}

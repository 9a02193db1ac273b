package io.seleucia.chat.message;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * The addresses that count as one peer where something is counted by address: an IPv4 address, or an IPv6 network of 64
 * bits, within which a peer chooses its addresses freely (RFC 4291 §2.5.4). An IPv4 address that is translated to IPv6
 * under the well-known prefix {@code 64:ff9b::/96} (RFC 6052) counts as itself.
 *
 * @param bits the address of IPv4, or the first half of that of IPv6
 * @param v6 whether it is a network of IPv6
 */
public record Network(boolean v6, long bits) {
    private static final long TRANSLATED = 0x0064_ff9b_0000_0000L;

    /**
     * {@return the network of an address}
     *
     * @param address the address
     */
    public static Network of(InetAddress address) {
        ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        if (!(address instanceof Inet6Address)) {
            return new Network(false, bytes.getInt());
        }
        long prefix = bytes.getLong();
        boolean translated = prefix == TRANSLATED && bytes.getInt() == 0;
        return translated ? new Network(false, bytes.getInt()) : new Network(true, prefix);
    }

    /**
     * {@return the network of an address that is given as text, as text} What is no address is returned as it is; nothing is
     * looked up, and nothing blocks.
     *
     * @param address the address
     */
    public static String textOf(String address) {
        if (address.indexOf(':') < 0) {
            return address; // IPv4
        }
        try {
            int scope = address.indexOf('%'); // of another machine perhaps, where this one would not be known
            return of(InetAddress.getByName(scope < 0 ? address : address.substring(0, scope)))
                    .toString();
        } catch (UnknownHostException e) { // a text with a colon is an address or nothing, and never looked up
            return address;
        }
    }

    /** Returns the network as text: an address of IPv4, or the first four groups of those of IPv6. */
    @Override
    public String toString() {
        if (!v6) {
            return (bits >> 24 & 0xff) + "." + (bits >> 16 & 0xff) + "." + (bits >> 8 & 0xff) + "." + (bits & 0xff);
        }
        return group(bits >>> 48) + ":" + group(bits >>> 32) + ":" + group(bits >>> 16) + ":" + group(bits);
    }

    private static String group(long bits) {
        return Long.toHexString(bits & 0xffff);
    }
}

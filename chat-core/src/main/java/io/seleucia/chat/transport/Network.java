package io.seleucia.chat.transport;

/** What limits by address count: an IPv4 address, or the first 64 bits of an IPv6 address, whose rest its owner chooses. */
public final class Network {
    private static final int GROUPS = 4;

    private Network() {}

    /** Returns the network of an address as the JDK writes it: IPv6 in eight groups, none of them left out. */
    public static String of(String address) {
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

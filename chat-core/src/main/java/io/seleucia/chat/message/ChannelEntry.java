package io.seleucia.chat.message;

import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;

/**
 * A channel in the directory of all channels.
 *
 * @param channel the channel's name
 * @param clients the number of clients in it, on all servers
 * @param time when the newest message of its history was published, in milliseconds since 1970-01-01T00:00Z; 0 if its history
 *     is empty
 * @param info its description, if it has one
 */
public record ChannelEntry(String channel, int clients, long time, Optional<ChannelInfo> info) {
    /** The order of names in the directory: that of their code points, as in UTF-8. */
    public static final Comparator<String> ORDER = ChannelEntry::compare;

    private static final int FIRST_SURROGATE = 0xd800;
    private static final int BEHIND_SURROGATES = 0xe000;

    /** Refuses null. */
    public ChannelEntry {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(info, "info");
    }

    /** {@return about how many characters it has} */
    public int length() {
        return channel.length() + info.map(ChannelInfo::length).orElse(0);
    }

    private static int compare(String one, String other) {
        int end = Math.min(one.length(), other.length());
        for (int i = 0; i < end; i++) {
            char here = one.charAt(i);
            char there = other.charAt(i);
            if (here != there) {
                return place(here) - place(there);
            }
        }
        return one.length() - other.length();
    }

    /** Returns the rank of a UTF-16 unit: surrogates stand for code points that are greater than all others. */
    private static int place(char unit) {
        return unit >= FIRST_SURROGATE && unit < BEHIND_SURROGATES ? unit + Character.MAX_VALUE : unit;
    }
}

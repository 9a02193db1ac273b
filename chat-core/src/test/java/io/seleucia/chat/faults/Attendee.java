package io.seleucia.chat.faults;

import java.util.List;
import java.util.OptionalLong;

/** A client that is in channels, and knows whether it is. */
interface Attendee {
    String name();

    /** Where it is, whenever it can. */
    List<String> channels();

    /** Since when it is in all its channels, without a break, by {@link System#nanoTime}; empty while it is not. */
    OptionalLong thereSince();
}

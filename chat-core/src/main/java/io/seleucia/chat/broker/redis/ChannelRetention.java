package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.options.ChannelRules;
import io.seleucia.chat.options.CurrentOptions;
import java.time.Duration;

/**
 * How much of each channel this server keeps in Redis, and shows. Other servers may have other options: a message is kept as
 * the server says that published the newest one. Any thread; does not block.
 *
 * @param base of channels whose options do not say how much is kept
 */
record ChannelRetention(Retention base, CurrentOptions options) {
    /** Returns the retention of a channel. Costs some nanoseconds for each pattern of the options. */
    Retention of(String channel) {
        ChannelRules rules = options.rules();
        return rules == ChannelRules.NONE ? base : rules.of(channel).retention(base);
    }

    /** Returns how long the position of any channel is kept at most. */
    Duration longestPositions() {
        Duration longest = options.rules().longestAge();
        return longest.compareTo(base.positions()) > 0 ? longest : base.positions();
    }
}

package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.options.ChannelRules;
import io.seleucia.chat.options.CurrentOptions;

/**
 * How much of a channel is kept, and for how long. It is looked up once for each change of the rules. Used with the channel's
 * lock.
 */
final class ChannelRetention {
    private final String name;
    private final Retention base; // of channels whose options do not say it
    private final CurrentOptions options;
    private ChannelRules ruledBy; // the rules from which the next follows; null until it is asked for
    private Retention retention;

    ChannelRetention(String name, Retention base, CurrentOptions options) {
        this.name = name;
        this.base = base;
        this.options = options;
    }

    /** Returns the retention that is in force. */
    Retention now() {
        ChannelRules rules = options.rules();
        if (ruledBy != rules) {
            retention = rules.of(name).retention(base);
            ruledBy = rules;
        }
        return retention;
    }

    /** Returns whether no messages are kept. */
    boolean isNone() {
        return now().messages() == 0;
    }

    /** Returns whether messages that have left memory are in an archive, which no options change. */
    boolean isArchived() {
        return !base.archive().isZero();
    }
}

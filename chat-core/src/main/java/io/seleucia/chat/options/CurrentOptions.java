package io.seleucia.chat.options;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The options of channels that are in force now. Servers and their broker share one object, so that a change concerns both.
 * Any thread; nothing blocks, except {@link #change}.
 */
public final class CurrentOptions {
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile ChannelRules rules;

    /**
     * Puts rules into force.
     *
     * @param rules the first ones
     */
    public CurrentOptions(ChannelRules rules) {
        this.rules = Objects.requireNonNull(rules, "rules");
    }

    /** Creates options in which every channel has {@link ChannelOptions#DEFAULT}. */
    public CurrentOptions() {
        this(ChannelRules.NONE);
    }

    /** {@return the rules in force} The same object until they are changed. */
    public ChannelRules rules() {
        return rules;
    }

    /**
     * {@return the options of a channel now}
     *
     * @param channel the channel's name, as a broker knows it
     */
    public ChannelOptions of(String channel) {
        return rules.of(channel);
    }

    /**
     * Replaces the rules. When this returns, servers have ended the subscriptions that the new ones no longer allow. Blocks
     * while the servers' authorizers answer.
     *
     * @param rules the new ones
     */
    public void change(ChannelRules rules) {
        this.rules = Objects.requireNonNull(rules, "rules");
        listeners.forEach(Runnable::run);
    }

    /**
     * Has an action run after each change, in the thread that makes it.
     *
     * @param action the action
     * @return ends that when it is closed
     */
    public Registration whenChanged(Runnable action) {
        Objects.requireNonNull(action, "action");
        listeners.add(action);
        return () -> listeners.remove(action);
    }

    /** The registration of an action. */
    public interface Registration extends AutoCloseable {
        @Override
        void close();
    }
}

package io.seleucia.chat.channel;

/** Observes which channels have members on this server. Called under a channel's lock; must not block or throw. */
public interface ChannelObserver {
    /** An observer that ignores everything. */
    ChannelObserver NONE = new ChannelObserver() {};

    /** Called when a channel has its first member on this server. */
    default void occupied(String channel) {}

    /** Called when a channel has lost its last member on this server. */
    default void vacated(String channel) {}
}

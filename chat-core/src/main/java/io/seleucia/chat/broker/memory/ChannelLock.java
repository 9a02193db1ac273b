package io.seleucia.chat.broker.memory;

/** The lock of a channel, for those that return to it from the journal. Neither method needs memory. */
interface ChannelLock {
    /** Acquires the lock. */
    void lock();

    /** Releases the lock, after noting what has changed in the channel. */
    void unlock();
}

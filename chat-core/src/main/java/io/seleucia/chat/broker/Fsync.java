package io.seleucia.chat.broker;

/** When a journal forces messages to the disk, where they survive a power failure. */
public enum Fsync {
    /** Every second: a power failure may cost the messages of the last second. */
    INTERVAL,
    /** Before a message is acknowledged. */
    ALWAYS,
    /** When the operating system does it. */
    NEVER
}

package io.seleucia.chat.broker.memory;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.ChannelEntry;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The channels of a broker that have clients or messages, by name, and the memory of all descriptions. A channel enters and
 * leaves by itself, so that a page costs as many steps as it has channels, however many there are. Any thread; does not block.
 *
 * @param <C> the channels
 */
final class ChannelDirectory<C> {
    private static final int ENTRY_BYTES = 48;
    private static final int INFO_SHARE = 10; // this part of the budget may be descriptions

    private final ConcurrentSkipListMap<String, C> channels = new ConcurrentSkipListMap<>(ChannelEntry.ORDER);
    private final MemoryBudget memory;
    private final AtomicLong infoBytes = new AtomicLong();

    ChannelDirectory(MemoryBudget memory) {
        this.memory = memory;
    }

    /** Adds a channel, in place of an ended one of the same name. Called with the channel's lock. */
    void add(String name, C channel) {
        channels.put(name, channel);
        memory.charge(Part.CHANNELS, ENTRY_BYTES);
    }

    /** Removes a channel, unless another one of its name has begun. Called with the channel's lock. */
    void remove(String name, C channel) {
        channels.remove(name, channel);
        memory.charge(Part.CHANNELS, -ENTRY_BYTES);
    }

    /** Returns the channels from a prefix on, or after a name: a view, which changes with them. */
    Iterable<Map.Entry<String, C>> from(String prefix, String after) {
        boolean behind = ChannelEntry.ORDER.compare(after, prefix) >= 0 && !after.isEmpty();
        return channels.tailMap(behind ? after : prefix, !behind).entrySet();
    }

    /** Counts the memory of a description, or releases it. */
    void countInfo(long bytes) {
        infoBytes.addAndGet(bytes);
        memory.charge(Part.CHANNELS, bytes);
    }

    /** Returns whether another description may be kept: they go last, so they must not take the place of all else. */
    boolean hasRoomForInfo() {
        return infoBytes.get() < memory.limit() / INFO_SHARE;
    }
}

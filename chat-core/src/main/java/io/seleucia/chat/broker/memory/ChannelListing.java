package io.seleucia.chat.broker.memory;

import io.seleucia.chat.message.Names;

/**
 * Where a channel is found: among channels of its size, and in the directory. Used with the channel's lock.
 *
 * @param <C> the channels
 */
final class ChannelListing<C> {
    private final String name;
    private final ChannelSizes<C> sizes;
    private final ChannelDirectory<C> directory;
    private final boolean hidden; // from the directory
    private int sizeClass = ChannelSizes.NONE;
    private boolean listed; // in the directory

    ChannelListing(String name, ChannelSizes<C> sizes, ChannelDirectory<C> directory) {
        this.name = name;
        this.sizes = sizes;
        this.directory = directory;
        this.hidden = Names.isInbox(name);
    }

    /**
     * Updates both. Throws if memory has run out, and can then be called again.
     *
     * @param held the bytes that the channel holds
     * @param unused whether it holds nothing but a position
     * @param inUse whether it has clients or messages
     */
    void update(C channel, long held, boolean unused, boolean inUse) {
        int next = held > 0 ? ChannelSizes.of(held) : unused ? ChannelSizes.UNUSED : ChannelSizes.NONE;
        if (next != sizeClass) {
            sizes.move(channel, sizeClass, next);
            sizeClass = next;
        }
        boolean lists = inUse && !hidden;
        if (lists && !listed) {
            directory.add(name, channel);
        } else if (!lists && listed) {
            directory.remove(name, channel);
        }
        listed = lists;
    }
}

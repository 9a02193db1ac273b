package io.seleucia.chat.broker.redis;

import io.seleucia.chat.concurrent.RefCountedMap;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Position;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The feeds of the channels that this server follows, one for all subscriptions of a channel, and the newest positions
 * that were shown of other channels. Any thread; does not block.
 */
final class ChannelFeeds implements AutoCloseable {
    private final RefCountedMap<String, ChannelFeed> byChannel = new RefCountedMap<>();
    private final ChannelFeed.HistoryReader history;
    private final MemoryBudget memory;
    private final ShownPositions unfollowed;

    ChannelFeeds(ChannelFeed.HistoryReader history, MemoryBudget memory) {
        this.history = history;
        this.memory = memory;
        unfollowed = new ShownPositions(memory);
    }

    /** Returns a channel's feed for one more user, who must release it. */
    ChannelFeed acquire(String channel) {
        ChannelFeed feed = byChannel.acquire(channel, name -> {
            ChannelFeed created = new ChannelFeed(name, history, memory);
            created.acknowledge(unfollowed.newest(name));
            return created;
        });
        feed.acknowledge(unfollowed.newest(channel)); // again: a publisher may have noted more before it could be found
        return feed;
    }

    /** Counts one user fewer. Returns whether it was the last; then the feed has ended. */
    boolean release(ChannelFeed feed) {
        boolean last = byChannel.release(feed.channel(), feed, it -> unfollowed.note(it.channel(), it.newest()));
        if (last) {
            feed.end();
            unfollowed.note(feed.channel(), feed.newest()); // it may have delivered more until it was removed
        }
        return last;
    }

    Optional<ChannelFeed> get(String channel) {
        return byChannel.get(channel);
    }

    /** Returns whether a feed is in use. */
    boolean contains(ChannelFeed feed) {
        return get(feed.channel()).filter(feed::equals).isPresent();
    }

    /** Returns the channels that are followed: a view, which changes with them. */
    Collection<String> channels() {
        return byChannel.keys();
    }

    void forEach(Consumer<ChannelFeed> action) {
        byChannel.forEach(action);
    }

    /** Returns the newest position that was shown of a channel, or {@link Position#NONE}. */
    Position newest(String channel) {
        return get(channel).map(ChannelFeed::newest).orElseGet(() -> unfollowed.newest(channel));
    }

    ChannelFeed.Shown shown(String channel) {
        return get(channel).map(ChannelFeed::shown).orElseGet(() -> ChannelFeed.Shown.of(unfollowed.newest(channel)));
    }

    /** Returns the positions that were shown, by channel. */
    Map<String, ChannelFeed.Shown> allShown() {
        Map<String, ChannelFeed.Shown> all = new HashMap<>();
        unfollowed.all().forEach((channel, newest) -> all.put(channel, ChannelFeed.Shown.of(newest)));
        forEach(feed -> all.put(feed.channel(), feed.shown()));
        return all;
    }

    /** Records that a position was acknowledged to a publisher. */
    void acknowledge(String channel, Position position) {
        Optional<ChannelFeed> feed = get(channel);
        feed.ifPresent(it -> it.acknowledge(position));
        if (feed.isEmpty() || !contains(feed.get())) { // it may have been released without this position
            unfollowed.note(channel, position);
            get(channel).ifPresent(it -> it.acknowledge(position)); // another may have begun without it
        }
    }

    /** Ends all subscriptions. */
    void end() {
        forEach(ChannelFeed::end);
    }

    @Override
    public void close() {
        unfollowed.close();
    }
}

package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/**
 * Keeps each feed subscribed at the Redis node that owns its channel's slot. The {@code redis-placement} thread moves
 * subscriptions after a change of the topology.
 */
final class SubscriptionPlacement {
    private static final Logger LOG = System.getLogger(SubscriptionPlacement.class.getName());
    private static final Duration OPENING = Duration.ofMillis(1_800);
    private static final int MAX_OPENING = 512;
    private static final Duration PAUSE = Duration.ofMillis(20); // bounds moves while nodes contradict each other
    private static final Duration RETRY = Duration.ofMillis(500);

    private final ChannelFeeds feeds;
    private final RedisTopology topology;
    private final RedisKeys keys;
    private final CountDownLatch closed;
    private final Bulkhead<UnavailableException> opening = Commands.bulkhead(MAX_OPENING);
    private final Semaphore moves = new Semaphore(0); // has a permit if feeds may have to move

    SubscriptionPlacement(ChannelFeeds feeds, RedisTopology topology, RedisKeys keys, CountDownLatch closed) {
        this.feeds = feeds;
        this.topology = topology;
        this.keys = keys;
        this.closed = closed;
    }

    void start() {
        Thread.ofVirtual().name("redis-placement").start(this::run);
    }

    /** Checks all subscriptions soon. Does not block. */
    void request() {
        moves.release();
    }

    /** Blocks until a feed's first position is known. The first caller subscribes the feed. */
    void open(ChannelFeed feed) throws UnavailableException, InterruptedException {
        if (!feed.claimOpening()) {
            awaitOpened(feed, Commands.LONGEST_TURN.plus(OPENING));
            return;
        }
        try {
            opening.enter();
        } catch (UnavailableException e) {
            request(); // other callers may wait for the feed as well
            throw e;
        }
        try {
            subscribe(feed);
            awaitOpened(feed, OPENING);
        } finally {
            opening.leave();
        }
    }

    private static void awaitOpened(ChannelFeed feed, Duration limit)
            throws UnavailableException, InterruptedException {
        if (!feed.awaitOpened(limit)) {
            throw new UnavailableException("Redis does not confirm the subscription", null);
        }
    }

    private void subscribe(ChannelFeed feed) throws UnavailableException {
        RedisNode owner =
                owner(feed).orElseThrow(() -> new UnavailableException("no Redis is known to have the channel", null));
        owner.subscriber().add(feed);
        if (owner(feed).orElse(null) != owner) {
            request();
        }
    }

    private Optional<RedisNode> owner(ChannelFeed feed) {
        return topology.owner(keys.live(feed.channel()));
    }

    /** Returns whether a feed is subscribed at its owner, or will be with the next connection, and the owner is up. */
    boolean isPlaced(ChannelFeed feed) {
        return owner(feed)
                .filter(owner -> owner.health().isUp() && owner.subscriber().has(feed))
                .isPresent();
    }

    /** Ends the subscription of a feed, at all nodes. */
    void unsubscribe(ChannelFeed feed) {
        topology.all().forEach(node -> node.subscriber().remove(feed));
    }

    private void run() {
        Loop.every(PAUSE, LOG, "moving subscriptions to the owners of their channels", closed, () -> {
            moves.acquire();
            moves.drainPermits();
            boolean[] done = {true};
            feeds.forEach(feed -> done[0] &= Loop.attempt(LOG, "moving a subscription", () -> subscribeAtOwner(feed)));
            topology.all()
                    .forEach(
                            node -> done[0] &= Loop.attempt(LOG, "ending subscriptions", () -> unsubscribeMoved(node)));
            if (!done[0]) {
                request();
                Thread.sleep(RETRY);
            }
        });
    }

    void subscribeAtOwner(ChannelFeed feed) {
        RedisNode owner = owner(feed).orElse(null);
        if (owner == null || owner.subscriber().has(feed)) {
            return;
        }
        try {
            owner.subscriber().add(feed);
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "subscribing with the next connection: " + e.getMessage());
        }
        if (!feeds.contains(feed)) { // released meanwhile, by a thread that did not find it here
            owner.subscriber().remove(feed);
            request(); // it may have replaced a newer feed of the channel
        }
    }

    private void unsubscribeMoved(RedisNode node) {
        for (ChannelFeed feed : node.subscriber().feeds()) {
            if (!feeds.contains(feed) || owner(feed).orElse(node) != node) {
                node.subscriber().remove(feed);
            }
        }
    }
}

package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Announces the positions that this server has shown to a Redis node that may know less, such as one that was restored
 * from a backup, before others publish there. Retries until the node accepts commands: one that loads its data accepts
 * connections only. A {@code redis-announcing} thread serves one node, and ends when no request is left.
 */
final class PositionAnnouncer {
    private static final Logger LOG = System.getLogger(PositionAnnouncer.class.getName());
    private static final long PAUSE_MILLIS = 250; // well below the time in which a new Redis accepts no messages

    private final RedisTopology topology;
    private final ChannelFeeds feeds;
    private final RedisHistory history;
    private final CountDownLatch closed;
    private final Map<RedisNode, Integer> requests = new ConcurrentHashMap<>(); // their number since the last success

    PositionAnnouncer(RedisTopology topology, ChannelFeeds feeds, RedisHistory history, CountDownLatch closed) {
        this.topology = topology;
        this.feeds = feeds;
        this.history = history;
        this.closed = closed;
    }

    /** Has all positions announced to a node. Does not block. */
    void request(RedisNode node) {
        if (requests.merge(node, 1, Integer::sum) > 1) {
            return;
        }
        try {
            Thread.ofVirtual().name("redis-announcing").start(() -> run(node));
        } catch (Throwable e) {
            requests.remove(node);
            throw e;
        }
    }

    private void run(RedisNode node) {
        Loop.run(LOG, "announcing positions to Redis", () -> requests.containsKey(node), () -> {
            Integer served = requests.get(node);
            boolean needed = closed.getCount() > 0 && topology.all().contains(node);
            if (!needed || announce(node)) {
                requests.remove(node, served);
            } else {
                closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
            }
        });
    }

    private boolean announce(RedisNode node) {
        try {
            Map<String, ChannelFeed.Shown> all = feeds.allShown();
            all.values().removeIf(shown -> shown.newest().equals(Position.NONE));
            history.announce(node, all);
            return true;
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "announcing positions again later: " + e.getMessage());
            return false;
        }
    }
}

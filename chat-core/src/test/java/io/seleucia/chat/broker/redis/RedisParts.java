package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.options.CurrentOptions;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisMovedDataException;

/** The parts of a broker over Redis, connected as the broker connects them, for tests of one of them. */
final class RedisParts implements Subscriber.Receiver, AutoCloseable {
    final CountDownLatch closed = new CountDownLatch(1);
    final RedisKeys keys = new RedisKeys(RedisBroker.DEFAULT_PREFIX);
    final MemoryBudget memory = MemoryBudget.ofBytes(64 << 20);
    final RedisTopology topology;
    final RedisHistory history;
    final ChannelFeeds feeds;
    final SubscriptionPlacement placement;
    final FeedResync resync;
    final PositionAnnouncer announcer;

    RedisParts(RedisServers servers) {
        RedisConnectionFactory connections = new RedisConnectionFactory(servers, "a-test");
        topology = new RedisTopology(servers, connections, keys, "a-test", this, this::moved, memory);
        history = new RedisHistory(
                new Commands(topology), keys, new ChannelRetention(Retention.DEFAULT, new CurrentOptions()));
        feeds = new ChannelFeeds(history::since, memory);
        placement = new SubscriptionPlacement(feeds, topology, keys, closed);
        resync = new FeedResync(feeds, history, placement::isPlaced, closed);
        announcer = new PositionAnnouncer(topology, feeds, history, closed);
    }

    /** Starts those that find Redis and read there, and waits until it was reached. */
    RedisParts start() throws InterruptedException {
        topology.start();
        resync.start();
        placement.start();
        assertThat(topology.awaitUp(Duration.ofSeconds(60))).isTrue();
        return this;
    }

    /** Acquires a feed and waits until its first position is known. */
    ChannelFeed open(String channel) throws Exception {
        ChannelFeed feed = feeds.acquire(channel);
        placement.open(feed);
        return feed;
    }

    void release(ChannelFeed feed) {
        if (feeds.release(feed)) {
            placement.unsubscribe(feed);
        }
    }

    RedisNode owner(String channel) {
        return topology.owner(keys.live(channel)).orElseThrow();
    }

    private void moved() {
        placement.request();
    }

    @Override
    public void received(ChannelFeed feed, MessageCodec.Live live) {
        if (feed.receive(live)) {
            resync.request(feed);
        }
    }

    @Override
    public void subscribed(ChannelFeed feed) {
        feed.invalidate();
        resync.request(feed);
    }

    @Override
    public void unsubscribed() {
        topology.refresh();
        placement.request();
    }

    @Override
    public void commandsConnected(HostAndPort address) {}

    @Override
    public void connected(HostAndPort address) {}

    @Override
    public void refused(HostAndPort address, JedisDataException why) {
        if (why instanceof JedisMovedDataException moved) {
            topology.moved(moved, address);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        placement.request();
        feeds.end();
        topology.close();
        feeds.close();
    }
}

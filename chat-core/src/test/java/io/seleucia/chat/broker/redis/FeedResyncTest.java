package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Position;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which feeds are resynced, when, and by how many threads. The history has no messages after the first position. */
class FeedResyncTest {
    private static final Position START = new Position("1.epoch", 0);
    private static final int MAX_THREADS = 64;

    private final Semaphore reads = new Semaphore(0); // that may end
    private final AtomicInteger reading = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger(); // that are left
    private final Set<ChannelFeed> placed = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final ChannelFeeds feeds = new ChannelFeeds(this::read, MemoryBudget.ofBytes(64 << 20));

    private RedisProcess redis;
    private RedisParts parts;
    private FeedResync resync;

    @BeforeEach
    void start() throws Exception {
        redis = RedisProcess.begin();
        parts = new RedisParts(RedisServers.at(redis.uri())).start();
        resync = new FeedResync(feeds, parts.history, placed::contains, closed);
    }

    @AfterEach
    void stop() throws Exception {
        closed.countDown();
        reads.release(Integer.MAX_VALUE / 2);
        parts.close();
        redis.close();
    }

    private ChannelFeed.Segment read(String channel, ChannelFeed.Shown shown, int limit) throws UnavailableException {
        reading.incrementAndGet();
        try {
            reads.acquireUninterruptibly();
            if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw new UnavailableException("the history fails in this test", null);
            }
            return new ChannelFeed.Segment(new Broker.Page(START, List.of()), 0);
        } finally {
            reading.decrementAndGet();
        }
    }

    @Test
    void oneThreadReadsForAFeedHoweverOftenItIsRequested() {
        ChannelFeed feed = opened("lobby");
        feed.invalidate();

        resync.request(feed);
        eventually(() -> assertThat(reading).hasValue(1));
        resync.request(feed);
        resync.request(feed);
        reads.release();

        eventually(() -> assertThat(feed.needsResync()).isFalse());
        assertThat(reading).hasValue(0);
        resync.request(feed);
        assertThat(reading).as("nothing is due").hasValue(0);
    }

    @Test
    void aBoundedNumberOfFeedsIsResyncedAtATimeAndTheFirstPositionOfOthersDoesNotWait() {
        List<ChannelFeed> all = IntStream.range(0, 3 * MAX_THREADS)
                .mapToObj(i -> opened("channel-" + i))
                .toList();
        all.forEach(ChannelFeed::invalidate);
        all.forEach(resync::request);
        eventually(() -> assertThat(reading).hasValue(MAX_THREADS));

        ChannelFeed beginning = feeds.acquire("lobby");
        resync.request(beginning);
        eventually(() -> assertThat(reading).hasValue(MAX_THREADS + 1));

        reads.release(all.size() + 1);
        eventually(() -> assertThat(all).noneMatch(ChannelFeed::needsResync));
        assertThat(beginning.isOpen()).isTrue();
    }

    @Test
    void aResyncThatFailsIsRepeatedOnceTheFeedIsPlaced() {
        ChannelFeed feed = opened("lobby");
        ChannelFeed other = opened("elsewhere");
        failures.set(1);
        feed.invalidate();
        resync.request(feed);
        reads.release(1_000);
        eventually(() -> assertThat(failures).hasValue(0));

        placed.add(other);
        resync.start();
        for (int round = 0; round < 2; round++) {
            other.invalidate();
            eventually(() -> assertThat(other.needsResync()).isFalse());
        }
        assertThat(feed.needsResync()).as("it is not placed").isTrue();
        placed.add(feed);

        eventually(() -> assertThat(feed.needsResync()).isFalse());
    }

    @Test
    void aLostLastMessageIsFoundByComparingPositions() throws Exception {
        RecordingListener listener = new RecordingListener();
        ChannelFeed feed = parts.open("lobby");
        Position start = feed.add(listener);
        appendSilently(start.next());

        assertThat(listener.nextMessage().position()).isEqualTo(start.next()); // nothing else is published
    }

    @Test
    void aChannelThatRedisHasForgottenBeginsANewEpochWithoutAnyMessage() throws Exception {
        RecordingListener listener = new RecordingListener();
        ChannelFeed feed = parts.open("lobby");
        Position start = feed.add(listener);
        redis.ask("FLUSHALL");

        Position next = listener.nextLoss();

        assertThat(next.offset()).isZero();
        assertThat(RedisEpoch.newest(start, next)).isEqualTo(next);
        assertThat(listener.isEmpty()).isTrue();
    }

    private ChannelFeed opened(String channel) {
        ChannelFeed feed = feeds.acquire(channel);
        reads.release();
        resync.request(feed);
        eventually(() -> assertThat(feed.needsResync()).isFalse());
        return feed;
    }

    /** Writes what a publish writes, but tells nobody. */
    private void appendSilently(Position position) {
        String time = Long.toString(System.currentTimeMillis());
        String message = "{\"epoch\":\"%s\",\"offset\":%d,\"time\":%s,\"sender\":\"ada\",\"data\":\"hi\"}"
                .formatted(position.epoch(), position.offset(), time);
        redis.ask("HSET", parts.keys.meta("lobby"), "offset", Long.toString(position.offset()));
        redis.ask("XADD", parts.keys.log("lobby"), position.offset() + "-0", "time", time, "message", message);
    }
}

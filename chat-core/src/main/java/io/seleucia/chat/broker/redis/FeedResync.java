package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Finds feeds that have missed messages, and resyncs them, a bounded number at a time.
 *
 * <p>Threads: {@code redis-keeper} starts resyncs that could not run before; {@code redis-check} compares positions
 * with Redis; a {@code redis-resync} thread reads histories.
 */
final class FeedResync {
    private static final Logger LOG = System.getLogger(FeedResync.class.getName());
    private static final Duration ROUND = Duration.ofMillis(500);
    private static final Duration CHECK = Duration.ofSeconds(25); // of all channels, spread over that time
    private static final Duration IN_FLIGHT = Duration.ofSeconds(1); // the time a message may take by pub/sub
    private static final int MAX_THREADS = 64; // each may hold a page of a history
    private static final ThreadFactory RESYNC_THREADS =
            Thread.ofVirtual().name("redis-resync").factory();
    private static final int RENEWALS = 4; // in the lifetime of a position

    private final ChannelFeeds feeds;
    private final RedisHistory history;
    private final Predicate<ChannelFeed> placed;
    private final CountDownLatch closed;
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            MAX_THREADS, MAX_THREADS, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), RESYNC_THREADS);

    /** @param placed returns whether a feed is subscribed, and its channel's Redis can be reached */
    FeedResync(ChannelFeeds feeds, RedisHistory history, Predicate<ChannelFeed> placed, CountDownLatch closed) {
        this.feeds = feeds;
        this.history = history;
        this.placed = placed;
        this.closed = closed;
        threads.allowCoreThreadTimeOut(true);
    }

    void start() {
        Thread.ofVirtual().name("redis-keeper").start(this::keep);
        Thread.ofVirtual().name("redis-check").start(this::check);
    }

    /** Resyncs a feed in another thread, if it needs that and no other thread has claimed it. */
    void request(ChannelFeed feed) {
        if (!feed.claimResync()) {
            return;
        }
        try {
            if (feed.isOpen()) {
                threads.execute(() -> resync(feed));
            } else { // a subscriber waits for it, and no messages are read
                RESYNC_THREADS.newThread(() -> resync(feed)).start();
            }
        } catch (Throwable e) {
            feed.releaseResyncClaim(); // the keeper retries
            throw e;
        }
    }

    private static void resync(ChannelFeed feed) {
        try {
            feed.resync();
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "resyncing later: " + e.getMessage());
        } catch (Throwable e) {
            Loop.report(LOG, "resyncing channel " + feed.channel(), e);
        }
    }

    private void keep() {
        Loop.every(ROUND, LOG, "resyncing channels", closed, () -> feeds.forEach(this::requestIfPlaced));
    }

    private void requestIfPlaced(ChannelFeed feed) {
        if (feed.needsResync() && placed.test(feed)) {
            request(feed);
        }
    }

    /** Compares positions with Redis, because a lost message shows only when the next one arrives. */
    private void check() {
        AtomicLong allAt = new AtomicLong(System.nanoTime());
        AtomicLong unpublishedAt = new AtomicLong(System.nanoTime());
        Loop.run(LOG, "comparing positions with Redis", () -> closed.getCount() > 0, () -> {
            boolean allDue = isRenewalDue(allAt, history.positionLifetime());
            boolean unpublishedDue = isRenewalDue(unpublishedAt, RedisHistory.UNPUBLISHED);
            PacedScan.go(feeds.channels(), CHECK, closed, channels -> {
                Map<Boolean, List<String>> byDue = channels.stream()
                        .collect(Collectors.partitioningBy(channel -> allDue
                                || unpublishedDue && feeds.newest(channel).offset() == 0));
                compare(history.renew(byDue.get(true)));
                compare(history.positions(byDue.get(false)));
            });
        });
    }

    private static boolean isRenewalDue(AtomicLong renewedAt, Duration lifetime) {
        long now = System.nanoTime();
        long last = renewedAt.get();
        return now - last > lifetime.dividedBy(RENEWALS).toNanos() && renewedAt.compareAndSet(last, now);
    }

    private void compare(Map<String, Position> positions) {
        positions.forEach((channel, position) -> feeds.get(channel)
                .filter(feed -> feed.isBehind(position))
                .ifPresent(feed -> Thread.ofVirtual().name("redis-check").start(() -> recheck(feed, position))));
    }

    /** Resyncs a feed that is behind, unless the missing message was still in flight. */
    private void recheck(ChannelFeed feed, Position position) {
        try {
            if (!closed.await(IN_FLIGHT.toMillis(), TimeUnit.MILLISECONDS) && feed.isBehind(position)) {
                feed.invalidate();
                request(feed);
            }
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "interrupted before a lost message was looked for");
        }
    }
}

package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.Sender;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Publishes in Redis, a batch for each channel at a time. Messages that come while a batch of their channel is on its way
 * wait, and then go together as the next one. So the messages of a channel are appended in the order in which they came, even
 * if a batch has to be repeated, and a busy channel costs Redis few scripts.
 *
 * <p>A publisher that finds its channel idle, and waits for the result anyway, publishes its message in its own thread. All
 * other batches are published by a virtual thread, {@code redis-publishing}, which lives while something waits in its
 * channel. An interrupt therefore concerns the message of one publisher only.
 */
final class BatchPublisher {
    private static final Logger LOG = System.getLogger(BatchPublisher.class.getName());
    private static final Duration TIMEOUT = Duration.ofMillis(1_900);
    private static final Duration SHORTEST = Duration.ofMillis(100); // that is left for a round trip; else none begins
    private static final int BATCH = 64;
    private static final int BATCH_BYTES = 256 * 1024; // and one message more
    private static final int MESSAGE_BYTES = 256; // besides its text
    private static final int SHARE = 20; // this part of the budget may wait

    private final RedisHistory history;
    private final ChannelFeeds feeds;
    private final MemoryBudget memory;
    private final AtomicLong charged = new AtomicLong(); // to the budget, for messages that wait

    /** The channels in which a batch is on its way, with the messages that wait for its end. */
    private final ConcurrentHashMap<String, ArrayDeque<Pending>> busy = new ConcurrentHashMap<>();

    BatchPublisher(RedisHistory history, ChannelFeeds feeds, MemoryBudget memory) {
        this.history = history;
        this.feeds = feeds;
        this.memory = memory;
    }

    /** A message to publish, and its future receipt. */
    private static final class Pending implements Broker.PendingReceipt {
        private final RedisHistory.Post post;
        private final long bytes;
        private final long deadline = System.nanoTime() + TIMEOUT.toNanos();
        private final CompletableFuture<Broker.Receipt> receipt = new CompletableFuture<>();

        private Pending(Sender sender, Draft draft) {
            this.post = new RedisHistory.Post(sender, draft);
            this.bytes = MESSAGE_BYTES
                    + Sizes.ofText(draft.content().asText())
                    + Sizes.ofText(draft.key())
                    + 2L * draft.attributes().length();
        }

        /** Returns whether another may be in the same batch. */
        private boolean goesWith(Pending other) {
            return post.hasKey() == other.post.hasKey() && post.refers() == other.post.refers();
        }

        /** Returns whether its publisher still waits, and will for a while; if not, it fails. */
        private boolean canBeInTime() {
            if (deadline - System.nanoTime() < SHORTEST.toNanos()) {
                receipt.completeExceptionally(new UnavailableException("Redis does not answer in time", null));
            }
            return !receipt.isDone();
        }

        @Override
        public boolean isDone() {
            return receipt.isDone();
        }

        @Override
        public Broker.Receipt await() throws UnavailableException, ReferenceException {
            try {
                return receipt.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof ReferenceException refused) {
                    throw refused;
                }
                throw new UnavailableException(e.getCause().getMessage(), e.getCause());
            } catch (TimeoutException e) {
                throw new UnavailableException("Redis does not answer in time", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new UnavailableException("interrupted while waiting for Redis", e);
            } finally {
                receipt.cancel(false); // if it still waits, it is not sent
            }
        }
    }

    /** Publishes a message. Blocks until it is stored. */
    Broker.Receipt publish(String channel, Sender sender, Draft draft) throws UnavailableException, ReferenceException {
        Pending message = new Pending(sender, draft);
        if (enter(channel, message, false)) {
            try {
                send(channel, List.of(message));
            } finally {
                if (!rest(channel)) {
                    start(channel);
                }
            }
        }
        return message.await();
    }

    /** Begins to publish a message. Does not block. */
    Broker.PendingReceipt submit(String channel, Sender sender, Draft draft) throws UnavailableException {
        Pending message = new Pending(sender, draft);
        if (enter(channel, message, true)) {
            start(channel);
        }
        return message;
    }

    /**
     * Returns whether the channel was idle, so that the caller has to see to its messages. The message waits, unless the
     * caller publishes it itself if the channel was idle.
     */
    private boolean enter(String channel, Pending message, boolean waitsIfIdle) throws UnavailableException {
        charge(message.bytes);
        boolean[] idle = new boolean[1];
        boolean waits = false;
        try {
            busy.compute(channel, (same, before) -> {
                idle[0] = before == null;
                ArrayDeque<Pending> waiting = before == null ? new ArrayDeque<>(1) : before;
                if (waitsIfIdle || !idle[0]) {
                    waiting.addLast(message);
                }
                return waiting;
            });
            waits = waitsIfIdle || !idle[0];
        } finally {
            if (!waits) {
                release(message.bytes);
            }
        }
        return idle[0];
    }

    /** Returns true if nothing waits, and then the channel is idle. */
    private boolean rest(String channel) {
        return busy.computeIfPresent(channel, (same, waiting) -> waiting.isEmpty() ? null : waiting) == null;
    }

    /** Has a thread publish what waits, and all that comes meanwhile. Never throws. */
    private void start(String channel) {
        try {
            Thread.ofVirtual().name("redis-publishing").start(() -> run(channel));
        } catch (Throwable e) { // there is no memory for a thread
            for (Pending message : busy.remove(channel)) {
                release(message.bytes);
                message.receipt.completeExceptionally(e);
            }
            Loop.report(LOG, "publishing in Redis", e);
        }
    }

    private void run(String channel) {
        Loop.run(LOG, "publishing in Redis", () -> !rest(channel), () -> {
            List<Pending> batch = new ArrayList<>();
            try {
                take(channel, batch);
                send(channel, batch);
            } finally {
                batch.forEach(message -> release(message.bytes));
            }
        });
    }

    /**
     * Takes the next batch; empty if no publisher of a message that waits does still wait. While a slot moves, Redis refuses a
     * script with a key that does not exist, as that of an idempotency key: so messages with one and without are not in the
     * same batch. Nor are those with a reference and without, which would all take the more costly script.
     */
    private void take(String channel, List<Pending> batch) {
        busy.computeIfPresent(channel, (same, waiting) -> {
            long bytes = 0;
            while (!waiting.isEmpty()
                    && batch.size() < BATCH
                    && bytes < BATCH_BYTES
                    && (batch.isEmpty() || waiting.getFirst().goesWith(batch.getFirst()))) {
                Pending first = waiting.removeFirst();
                if (first.canBeInTime()) {
                    batch.add(first);
                    bytes += first.bytes;
                } else {
                    release(first.bytes);
                }
            }
            return waiting;
        });
    }

    /** Publishes a batch, and tells each message's publisher. Never throws. */
    private void send(String channel, List<Pending> batch) {
        if (batch.isEmpty()) {
            return;
        }
        try {
            List<RedisHistory.Post> posts =
                    batch.stream().map(message -> message.post).toList();
            List<?> replies = history.publish(channel, posts, feeds.newest(channel));
            for (int i = 0; i < batch.size(); i++) {
                tell(channel, batch.get(i), replies.get(i));
            }
        } catch (Throwable e) {
            fail(batch, e);
        }
    }

    private void tell(String channel, Pending message, Object reply) {
        try {
            Broker.Receipt receipt = RedisHistory.receipt(reply);
            feeds.acknowledge(channel, receipt.position());
            message.receipt.complete(receipt);
        } catch (ReferenceException e) {
            message.receipt.completeExceptionally(e);
        } catch (Throwable e) {
            fail(List.of(message), e);
        }
    }

    private static void fail(List<Pending> messages, Throwable why) {
        messages.forEach(message -> message.receipt.completeExceptionally(why));
        if (!(why instanceof UnavailableException)) {
            Loop.report(LOG, "publishing in Redis", why);
        }
    }

    private void charge(long bytes) throws UnavailableException {
        long now = charged.addAndGet(bytes);
        if (now > memory.limit() / SHARE && now > bytes) {
            charged.addAndGet(-bytes);
            throw new UnavailableException("too much waits for Redis already", null);
        }
        memory.charge(Part.WAITING, bytes);
    }

    private void release(long bytes) {
        charged.addAndGet(-bytes);
        memory.charge(Part.WAITING, -bytes);
    }
}

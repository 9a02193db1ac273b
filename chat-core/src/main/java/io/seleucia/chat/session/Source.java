package io.seleucia.chat.session;

import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One account, or one network of guests, and the use of each {@link Quota} by all its connections. Any thread; nothing
 * blocks.
 */
final class Source {
    private static final int INBOX_COST = 5; // of a message to an inbox, in messages to a channel
    private static final int DESCRIPTION_COST = 30; // in bytes a day: it stays for 30 days, and a message for one
    private static final int MAX_CHANNELS = 1_024; // with a bucket of their own
    private static final int SOURCE_BYTES = 1_000; // with its place in a map
    private static final int BUCKET_BYTES = 120;

    /**
     * The limits of every source.
     *
     * @param rates the rate of each quota that is taken by and by
     * @param subscriptions subscriptions at a time
     * @param queuedBytes bytes that wait to be written
     */
    record Limits(Map<Quota, Bucket.Rate> rates, int subscriptions, int queuedBytes) {}

    private final String name;
    private final Limits limits;
    private final MemoryBudget memory;
    private final Map<Quota, Bucket> buckets = new EnumMap<>(Quota.class); // without those of channels
    private final ConcurrentHashMap<String, Bucket> channels = new ConcurrentHashMap<>();
    private final AtomicInteger subscriptions = new AtomicInteger();
    private final ConcurrentHashMap<ServedConnection, Long> waiting =
            new ConcurrentHashMap<>(1); // bytes, where any wait
    private final AtomicLong allWaiting = new AtomicLong();

    /** @param memory is charged for the counts, until {@link #end} */
    Source(String name, Limits limits, MemoryBudget memory, long now) {
        this.name = name;
        this.limits = limits;
        this.memory = memory;
        memory.charge(Part.CHANNELS, SOURCE_BYTES);
        limits.rates.forEach((quota, rate) -> buckets.put(quota, new Bucket(rate, now)));
        buckets.remove(Quota.CHANNEL_MESSAGES);
    }

    /** Returns the name that {@link Sources} know it by. */
    String name() {
        return name;
    }

    /** Takes one unit of a quota; false if nothing is left. */
    boolean take(Quota quota, long now) {
        return buckets.get(quota).take(1, now);
    }

    /** Returns whether something is left of a quota. */
    boolean has(Quota quota, long now) {
        return buckets.get(quota).isOpen(now);
    }

    /** Returns how long it takes until something is left of a quota. */
    long nanosUntil(Quota quota, long now) {
        return buckets.get(quota).nanosUntilOpen(now);
    }

    /** Takes bytes that are sent to others, but not kept. Returns the quota that is used up, and then takes nothing. */
    Optional<Quota> send(long size, long now) {
        return buckets.get(Quota.BYTES).take(size, now) ? Optional.empty() : Optional.of(Quota.BYTES);
    }

    /** Takes bytes that are stored. Returns the quota that is used up, and then takes nothing. */
    Optional<Quota> store(long size, long now) {
        return store(size, size, now);
    }

    private Optional<Quota> store(long size, long daily, long now) {
        Optional<Quota> lacking = send(size, now);
        if (lacking.isEmpty() && !buckets.get(Quota.DAILY_BYTES).take(daily, now)) {
            buckets.get(Quota.BYTES).putBack(size);
            return Optional.of(Quota.DAILY_BYTES);
        }
        return lacking;
    }

    /** Takes a message to a channel. Returns the quota that is used up, and then takes nothing. */
    Optional<Quota> publish(String channel, boolean inbox, long size, long now) {
        return publish(channel, inbox ? INBOX_COST : 1, size, size, now);
    }

    /**
     * Takes the description of a channel, which members are sent like a message, but which stays much longer. Returns the quota
     * that is used up, and then takes nothing.
     */
    Optional<Quota> describe(String channel, long size, long now) {
        return publish(channel, 1, size, DESCRIPTION_COST * size, now);
    }

    private Optional<Quota> publish(String channel, int messages, long size, long daily, long now) {
        Optional<Quota> lacking = store(size, daily, now);
        if (lacking.isPresent()) {
            return lacking;
        }
        if (!bucketOf(channel, now).take(messages, now)) {
            putBack(size, daily);
            return Optional.of(Quota.CHANNEL_MESSAGES);
        }
        return Optional.empty();
    }

    private void putBack(long size, long daily) {
        buckets.get(Quota.BYTES).putBack(size);
        buckets.get(Quota.DAILY_BYTES).putBack(daily);
    }

    private Bucket bucketOf(String channel, long now) {
        if (channels.mappingCount() >= MAX_CHANNELS && !channels.containsKey(channel)) {
            rest(now);
            if (channels.mappingCount() >= MAX_CHANNELS) {
                channels.forEach(this::forget); // so many in so little time are bounded by the other quotas
            }
        }
        return channels.computeIfAbsent(channel, name -> {
            memory.charge(Part.CHANNELS, bytes(name));
            return new Bucket(limits.rates.get(Quota.CHANNEL_MESSAGES), now);
        });
    }

    private static long bytes(String channel) {
        return BUCKET_BYTES + Sizes.ofText(channel);
    }

    private void forget(String channel, Bucket bucket) {
        if (channels.remove(channel, bucket)) { // else another thread has
            memory.charge(Part.CHANNELS, -bytes(channel));
        }
    }

    /** Puts back the bytes of a message that was refused, but not the message. */
    void unstore(long size) {
        putBack(size, size);
    }

    /** Puts back a message that was not published after all. */
    void unpublish(String channel, boolean inbox, long size) {
        unpublish(channel, inbox ? INBOX_COST : 1, size, size);
    }

    /** Puts back a description that was not stored after all. */
    void undescribe(String channel, long size) {
        unpublish(channel, 1, size, DESCRIPTION_COST * size);
    }

    private void unpublish(String channel, int messages, long size, long daily) {
        putBack(size, daily);
        Bucket bucket = channels.get(channel);
        if (bucket != null) {
            bucket.putBack(messages);
        }
    }

    /** Takes a subscription; false if it is one too many. */
    boolean subscribe() {
        if (subscriptions.incrementAndGet() <= limits.subscriptions) {
            return true;
        }
        subscriptions.decrementAndGet();
        return false;
    }

    void unsubscribe(int count) {
        subscriptions.addAndGet(-count);
    }

    /**
     * Notes the bytes that wait to be written to a connection. Called by the watchdog.
     *
     * @return the connection for which most wait, if too many wait for all of them together
     */
    Optional<ServedConnection> queued(ServedConnection connection, long size) {
        if (size == 0) {
            left(connection);
            return Optional.empty();
        }
        Long before = waiting.put(connection, size);
        long all = allWaiting.addAndGet(size - (before == null ? 0 : before));
        if (all <= limits.queuedBytes) {
            return Optional.empty();
        }
        Optional<ServedConnection> fullest =
                waiting.entrySet().stream().max(Map.Entry.comparingByValue()).map(Map.Entry::getKey);
        fullest.ifPresent(this::left);
        return fullest;
    }

    /** Forgets the bytes that wait for a connection. */
    void left(ServedConnection connection) {
        Long before = waiting.remove(connection);
        if (before != null) {
            allWaiting.addAndGet(-before);
        }
    }

    /** Returns whether nothing of any quota is in use, so that a new source would do as well. */
    boolean isFull(long now) {
        return buckets.values().stream().allMatch(bucket -> bucket.isFull(now))
                && channels.values().stream().allMatch(bucket -> bucket.isFull(now));
    }

    /** Releases memory. For a source without connections. */
    void rest(long now) {
        channels.forEach((channel, bucket) -> {
            if (bucket.isFull(now)) {
                forget(channel, bucket);
            }
        });
    }

    /** Releases all memory that is charged. For a source that is dropped. */
    void end() {
        channels.forEach(this::forget);
        memory.charge(Part.CHANNELS, -SOURCE_BYTES);
    }
}

package io.seleucia.chat.session;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.options.ChannelOptions;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The senders in channels whose options limit the rate of each sender, across all its connections to this server. Forgets a
 * sender whose whole budget is back. Any thread; nothing blocks.
 */
final class SenderRates implements AutoCloseable {
    private static final int MAX_SENDERS = 100_000; // beyond it, the one that has published longest ago goes
    private static final int LOOKS = 4; // at senders that may be forgotten, with each new one
    private static final int SENDER_BYTES = 220; // with its place in the map, without texts

    private record Key(String channel, String sender) {
        long bytes() {
            return SENDER_BYTES + Sizes.ofText(channel) + Sizes.ofText(sender);
        }
    }

    private record Limited(ChannelOptions.Rate rate, Bucket bucket) {}

    private final MemoryBudget memory;
    private final ReentrantLock lock = new ReentrantLock(); // guards the next
    private final LinkedHashMap<Key, Limited> senders =
            new LinkedHashMap<>(16, 0.75f, true); // those that have published longest ago first

    SenderRates(MemoryBudget memory) {
        this.memory = memory;
    }

    /**
     * Takes a message.
     *
     * @param now as {@link System#nanoTime}
     * @return 0; or, if it is one too many, the nanoseconds until the sender can publish one
     */
    long take(String channel, Sender sender, ChannelOptions.Rate rate, long now) {
        Key key = new Key(channel, sender.key());
        lock.lock();
        try {
            Limited known = senders.get(key);
            if (known == null) {
                forgetSome(now);
                memory.charge(Part.CHANNELS, key.bytes());
            }
            if (known == null || !known.rate.equals(rate)) {
                long nanos = rate.per().toNanos();
                known = new Limited(rate, new Bucket(Bucket.Rate.of(rate.messages(), nanos, rate.burst()), now));
                senders.put(key, known);
            }
            return known.bucket.take(1, now) ? 0 : Math.max(1, known.bucket.nanosUntilOpen(now));
        } finally {
            lock.unlock();
        }
    }

    /** Puts back a message that was not published after all. */
    void putBack(String channel, Sender sender) {
        lock.lock();
        try {
            Limited known = senders.get(new Key(channel, sender.key()));
            if (known != null) {
                known.bucket.putBack(1);
            }
        } finally {
            lock.unlock();
        }
    }

    private void forgetSome(long now) {
        Iterator<Map.Entry<Key, Limited>> oldest = senders.entrySet().iterator();
        for (int i = 0; i < LOOKS && oldest.hasNext(); i++) {
            Map.Entry<Key, Limited> one = oldest.next();
            if (one.getValue().bucket.isFull(now) || senders.size() >= MAX_SENDERS) {
                oldest.remove();
                memory.charge(Part.CHANNELS, -one.getKey().bytes());
            }
        }
    }

    /** Returns the number of senders that are known. */
    int size() {
        lock.lock();
        try {
            return senders.size();
        } finally {
            lock.unlock();
        }
    }

    /** Forgets all senders. */
    @Override
    public void close() {
        lock.lock();
        try {
            senders.keySet().forEach(key -> memory.charge(Part.CHANNELS, -key.bytes()));
            senders.clear();
        } finally {
            lock.unlock();
        }
    }
}

package io.seleucia.chat.broker.memory;

import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.util.LinkedHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * The idempotency keys of a channel's messages, each with the position that the first message with it has got; the oldest first.
 * Takes next to no memory without keys. Used with the channel's lock.
 */
final class IdempotencyKeys {
    private static final int KEY_BYTES = 100; // an idempotency key and its entry in a map, without texts

    /** A key of one client. */
    record Key(String sender, String text) {
        /** Returns the key of a message, or null if it has none. */
        static Key of(Sender sender, String text) {
            return text.isEmpty() ? null : new Key(sender.key(), text);
        }

        private long size() {
            return KEY_BYTES + Sizes.ofText(text) + Sizes.ofText(sender);
        }
    }

    /**
     * The knowledge of a key.
     *
     * @param position the first message's position
     * @param written completes when that is final
     * @param until when the key is forgotten, by the nanosecond clock
     */
    record Kept(Position position, CompletableFuture<Void> written, long until) {
        private Kept in(Position last) {
            return new Kept(last.at(position.offset()), written, until);
        }
    }

    private final ChannelMemory memory;
    private LinkedHashMap<Key, Kept> kept; // null while there are none
    private long bytes;

    IdempotencyKeys(ChannelMemory memory) {
        this.memory = memory;
    }

    /** Returns what is known of a key; null if nothing is, or the key is null. */
    Kept get(Key key) {
        return key == null || kept == null ? null : kept.get(key);
    }

    void put(Key key, Kept value) {
        kept = kept == null ? new LinkedHashMap<>() : kept;
        if (kept.put(key, value) == null) {
            count(key.size());
        }
    }

    /** Removes a key, unless it is null. */
    void remove(Key key) {
        if (key != null && kept != null && kept.remove(key) != null) {
            count(-key.size());
        }
    }

    /** Removes the keys whose time has passed. */
    void removeExpired() {
        if (kept != null) {
            removeWhile(one -> one.until - System.nanoTime() < 0);
        }
    }

    /** Removes the keys of messages before an offset. */
    void removeBefore(long offset) {
        removeWhile(one -> one.position.offset() < offset);
    }

    private void removeWhile(Predicate<Kept> condition) {
        while (!isEmpty() && condition.test(kept.firstEntry().getValue())) {
            count(-kept.pollFirstEntry().getKey().size());
        }
        kept = isEmpty() ? null : kept;
    }

    /** Gives all positions the epoch of another one. */
    void renew(Position last) {
        if (kept != null) {
            kept.replaceAll((key, one) -> one.in(last));
        }
    }

    /** Removes all keys. */
    void clear() {
        kept = null;
        count(-bytes);
    }

    boolean isEmpty() {
        return kept == null || kept.isEmpty();
    }

    /** Returns the memory that the keys take. */
    long bytes() {
        return bytes;
    }

    private void count(long more) {
        bytes += more;
        memory.charge(Part.KEYS, more);
    }
}

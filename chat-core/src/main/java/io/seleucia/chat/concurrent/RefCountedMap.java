package io.seleucia.chat.concurrent;

import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A map whose values live while they are in use: the first user of a key creates its value, and the last one removes it.
 * Creating, counting and removing are one atomic step for each key. Any thread; blocks only while another thread is in a
 * step of the same key.
 *
 * @param <K> the keys
 * @param <V> the values, compared with {@code equals}
 */
public final class RefCountedMap<K, V> {
    private final ConcurrentHashMap<K, Counted<V>> byKey = new ConcurrentHashMap<>();

    private record Counted<V>(V value, int users) {}

    /**
     * Returns the value of a key for one more user, who must release it.
     *
     * @param create makes the value if there is none. It runs within the step, and so must be short and use no other key
     */
    public V acquire(K key, Function<? super K, ? extends V> create) {
        return byKey.compute(
                        key,
                        (same, present) -> present == null
                                ? new Counted<>(create.apply(same), 1)
                                : new Counted<>(present.value, present.users + 1))
                .value;
    }

    /** Counts one user fewer, and returns whether it was the last, as below. */
    public boolean release(K key, V value) {
        return release(key, value, last -> {});
    }

    /**
     * Counts one user fewer, unless the value was removed before. The last one removes the value.
     *
     * @param last called with the value within the step in which it is removed
     * @return whether it was the last user
     */
    public boolean release(K key, V value, Consumer<? super V> last) {
        boolean[] removed = new boolean[1];
        byKey.computeIfPresent(key, (same, present) -> {
            if (!present.value.equals(value)) {
                return present;
            }
            if (present.users > 1) {
                return new Counted<>(value, present.users - 1);
            }
            last.accept(value);
            removed[0] = true;
            return null;
        });
        return removed[0];
    }

    /**
     * Removes a value that may be in use, so that the next user creates another. Returns whether it was there. Its users
     * release it without effect.
     */
    public boolean remove(K key, V value) {
        boolean[] removed = new boolean[1];
        byKey.computeIfPresent(key, (same, present) -> {
            removed[0] = present.value.equals(value);
            return removed[0] ? null : present;
        });
        return removed[0];
    }

    /** Returns the value of a key that is in use, without counting as a user. */
    public Optional<V> get(K key) {
        return Optional.ofNullable(byKey.get(key)).map(Counted::value);
    }

    /** Returns the keys that are in use: a view, which changes with the map. */
    public Collection<K> keys() {
        return byKey.keySet();
    }

    /** Passes each value that is in use to an action, in no order and without a copy of them all. */
    public void forEach(Consumer<? super V> action) {
        byKey.values().forEach(counted -> action.accept(counted.value));
    }

    /** Returns the number of keys in use. */
    public int size() {
        return byKey.size();
    }
}

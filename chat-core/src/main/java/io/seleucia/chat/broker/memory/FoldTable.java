package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.journal.Fold;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;

/** Folds by the offsets of their messages. An empty table takes next to no memory. Used with the channel's lock. */
final class FoldTable {
    private final LongConsumer size; // receives each change in bytes
    private final ToLongFunction<Fold> bytes;
    private Map<Long, Fold> byOffset = Collections.emptyMap();

    /**
     * Creates an empty table.
     *
     * @param size receives each change of the memory that the table takes, in bytes
     * @param bytes returns the memory that a fold takes
     */
    FoldTable(LongConsumer size, ToLongFunction<Fold> bytes) {
        this.size = size;
        this.bytes = bytes;
    }

    boolean isEmpty() {
        return byOffset.isEmpty();
    }

    boolean has(long offset) {
        return byOffset.containsKey(offset);
    }

    /** Returns a fold; that of a message to which none refers if there is no other. */
    Fold get(long offset) {
        return byOffset.isEmpty() ? Fold.NONE : byOffset.getOrDefault(offset, Fold.NONE);
    }

    /** Returns all folds, which change with the table. */
    Map<Long, Fold> all() {
        return byOffset;
    }

    /** Sets a fold; an empty one is removed. */
    void put(long offset, Fold fold) {
        if (fold.isEmpty()) {
            remove(offset);
            return;
        }
        byOffset = byOffset.isEmpty() ? new HashMap<>() : byOffset;
        Fold before = byOffset.put(offset, fold);
        size.accept(bytes.applyAsLong(fold) - (before == null ? 0 : bytes.applyAsLong(before)));
    }

    /** Removes a fold, and returns it. */
    Fold remove(long offset) {
        Fold before = byOffset.isEmpty() ? null : byOffset.remove(offset);
        if (before == null) {
            return Fold.NONE;
        }
        size.accept(-bytes.applyAsLong(before));
        return before;
    }

    void replaceAll(UnaryOperator<Fold> change) {
        for (Map.Entry<Long, Fold> fold : List.copyOf(byOffset.entrySet())) {
            put(fold.getKey(), change.apply(fold.getValue()));
        }
    }

    void clear() {
        byOffset.values().forEach(fold -> size.accept(-bytes.applyAsLong(fold)));
        byOffset = Collections.emptyMap();
    }
}

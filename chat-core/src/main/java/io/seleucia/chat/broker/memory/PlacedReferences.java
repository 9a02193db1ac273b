package io.seleucia.chat.broker.memory;

import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * The messages of a channel that refer to others and have their place, but are not written yet. Takes no memory without any. Used
 * with the channel's lock.
 */
final class PlacedReferences {
    private static final int PLACED_BYTES = 150;

    /** The references to one message. */
    private static final class Placed {
        private final List<Long> edits = new ArrayList<>(0);
        private final List<String> reacting = new ArrayList<>(0); // the client of each reaction
        private int deletions;
        private int count;
    }

    private final LongConsumer size; // receives each change in bytes
    private Map<Long, Placed> placed = Collections.emptyMap(); // by the message that they refer to

    PlacedReferences(LongConsumer size) {
        this.size = size;
    }

    /** Returns whether any refers to a message. */
    boolean has(long message) {
        return placed.containsKey(message);
    }

    /** Returns the offsets of the edits of a message. */
    List<Long> edits(long message) {
        return has(message) ? placed.get(message).edits : List.of();
    }

    /** Returns the {@link Sender#key} of the client of each reaction to a message. */
    List<String> reacting(long message) {
        return has(message) ? placed.get(message).reacting : List.of();
    }

    /** Returns whether a message is being deleted. */
    boolean isDeleted(long message) {
        return has(message) && placed.get(message).deletions > 0;
    }

    /** Records that a message has its place, but is not written yet. */
    void add(Message message) {
        Reference reference = message.attributes().ref().orElse(null);
        if (reference != null) {
            placed = placed.isEmpty() ? new HashMap<>() : placed;
            Placed to = placed.computeIfAbsent(reference.offset(), absent -> {
                size.accept(PLACED_BYTES);
                return new Placed();
            });
            to.count++;
            switch (reference.kind()) {
                case EDIT -> to.edits.add(message.position().offset());
                case REACTION -> {
                    if (!reference.remove()) {
                        to.reacting.add(client(message));
                    }
                }
                case DELETE -> to.deletions++;
                case REPLY -> {}
            }
        }
    }

    /** Undoes {@link #add}: the message is written, or has failed. */
    void remove(Message message) {
        Reference reference = message.attributes().ref().orElse(null);
        Placed to = reference == null ? null : placed.get(reference.offset());
        if (to != null) {
            to.count--;
            switch (reference.kind()) {
                case EDIT -> to.edits.remove(message.position().offset());
                case REACTION -> {
                    if (!reference.remove()) {
                        to.reacting.remove(client(message));
                    }
                }
                case DELETE -> to.deletions--;
                case REPLY -> {}
            }
            if (to.count == 0) {
                placed.remove(reference.offset());
                size.accept(-PLACED_BYTES);
            }
        }
    }

    private static String client(Message message) {
        return new Sender(message.sender(), message.guest()).key();
    }
}

package io.seleucia.chat.broker.memory;

import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * The edits in memory whose messages have left it, so that a deletion of such a message removes what can still be read of it. Takes
 * no memory without such edits. Used with the channel's lock.
 */
final class RemainingEdits {
    private static final int MESSAGE_BYTES = 120; // an entry in the map, with its list
    private static final int EDIT_BYTES = 28;

    private final LongConsumer size; // receives each change in bytes
    private Map<Long, List<Long>> byMessage = Collections.emptyMap(); // offsets, ascending

    RemainingEdits(LongConsumer size) {
        this.size = size;
    }

    boolean isEmpty() {
        return byMessage.isEmpty();
    }

    /** Adds an edit of a message that has left memory, unless it has been added. */
    void add(long message, long edit) {
        byMessage = byMessage.isEmpty() ? new HashMap<>() : byMessage;
        List<Long> edits = byMessage.computeIfAbsent(message, absent -> {
            size.accept(MESSAGE_BYTES);
            return new ArrayList<>(1);
        });
        if (edits.isEmpty() || edits.getLast() < edit) {
            edits.add(edit);
            size.accept(EDIT_BYTES);
        }
    }

    /** Returns the offsets of the messages of which there are edits. */
    Set<Long> messages() {
        return byMessage.keySet();
    }

    /** Returns the offsets of the edits of a message that has left memory. */
    List<Long> of(long message) {
        return byMessage.getOrDefault(message, List.of());
    }

    /** Notes that a message leaves memory, which may be an edit. */
    void leave(Message leaving) {
        if (!byMessage.isEmpty() && leaving.attributes().isEdit()) {
            Reference reference = leaving.attributes().ref().orElseThrow();
            List<Long> edits = byMessage.get(reference.offset());
            if (edits != null && edits.remove(leaving.position().offset())) {
                size.accept(-EDIT_BYTES);
                if (edits.isEmpty()) {
                    remove(reference.offset());
                }
            }
        }
    }

    /** Forgets the edits of a message, which are deleted. */
    void remove(long message) {
        List<Long> edits = byMessage.isEmpty() ? null : byMessage.remove(message);
        if (edits != null) {
            size.accept(-MESSAGE_BYTES - (long) EDIT_BYTES * edits.size());
        }
    }

    /** Forgets all. */
    void clear() {
        List.copyOf(byMessage.keySet()).forEach(this::remove);
        byMessage = Collections.emptyMap();
    }
}

package io.seleucia.chat.broker.memory;

import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.Sender;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * The number of reactions of each client to a message in memory that are in the log without being in force: repeated ones, those
 * taken back, and the messages that have taken them back. Takes no memory without such reactions. Used with the channel's lock.
 */
final class SpentReactions {
    private static final int MESSAGE_BYTES = 120; // an entry in the map, with its own map
    private static final int CLIENT_BYTES = 70;

    private final LongConsumer size; // receives each change in bytes
    private Map<Long, Map<String, Integer>> byMessage = Collections.emptyMap(); // and by Sender.key

    SpentReactions(LongConsumer size) {
        this.size = size;
    }

    boolean isEmpty() {
        return byMessage.isEmpty();
    }

    /**
     * Returns the number of a client's spent reactions to a message.
     *
     * @param client the client's {@link Sender#key}
     */
    int of(long message, String client) {
        return byMessage.getOrDefault(message, Map.of()).getOrDefault(client, 0);
    }

    /** Sets the number of a client's spent reactions to a message. */
    void set(long message, String client, int number) {
        if (number <= 0 && of(message, client) == 0) {
            return;
        }
        byMessage = byMessage.isEmpty() ? new HashMap<>() : byMessage;
        Map<String, Integer> clients = byMessage.computeIfAbsent(message, absent -> {
            size.accept(MESSAGE_BYTES);
            return new HashMap<>(2);
        });
        if (clients.put(client, number) == null) {
            size.accept(CLIENT_BYTES + Sizes.ofText(client));
        }
    }

    /** Forgets the reactions to a message, which has left memory or is deleted. */
    void remove(long message) {
        Map<String, Integer> clients = byMessage.isEmpty() ? null : byMessage.remove(message);
        if (clients != null) {
            size.accept(-MESSAGE_BYTES);
            clients.keySet().forEach(client -> size.accept(-CLIENT_BYTES - Sizes.ofText(client)));
        }
    }

    /** Forgets all. */
    void clear() {
        for (Map.Entry<Long, Map<String, Integer>> each : byMessage.entrySet()) {
            size.accept(-MESSAGE_BYTES);
            each.getValue().keySet().forEach(client -> size.accept(-CLIENT_BYTES - Sizes.ofText(client)));
        }
        byMessage = Collections.emptyMap();
    }
}

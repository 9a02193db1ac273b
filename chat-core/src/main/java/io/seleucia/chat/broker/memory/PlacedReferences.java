package io.seleucia.chat.broker.memory;

import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * The messages of a channel that refer to others and have their place, but are not written yet. Takes no memory without any. Used
 * with the channel's lock.
 */
final class PlacedReferences {
    private static final int PLACED_BYTES = 250;

    /** The references to one message. */
    private static final class Placed {
        private final List<Long> edits = new ArrayList<>(0);
        private final Map<String, Integer> reacting = new HashMap<>(0); // the reactions of each client
        private final Map<String, Integer> removing = new HashMap<>(0); // the reactions that each takes back
        private int reactions; // of all clients
        private int deletions;
        private Message deleted; // a reaction that is being deleted; else null
        private int count;
    }

    private final LongConsumer size; // receives each change in bytes
    private Map<Long, Placed> placed = Collections.emptyMap(); // by the message that they refer to

    PlacedReferences(LongConsumer size) {
        this.size = size;
    }

    /** Returns whether any refers to a message, or deletes a reaction to it. */
    boolean has(long message) {
        return placed.containsKey(message);
    }

    /** Returns the offsets of the edits of a message. */
    List<Long> edits(long message) {
        return has(message) ? placed.get(message).edits : List.of();
    }

    /** Returns the number of reactions to a message. */
    int reactions(long message) {
        return has(message) ? placed.get(message).reactions : 0;
    }

    /** Returns the number of a client's reactions to a message, by its {@link Sender#key}. */
    int reactions(long message, String client) {
        return has(message) ? placed.get(message).reacting.getOrDefault(client, 0) : 0;
    }

    /** Returns how many reactions to a message a client takes back, by its {@link Sender#key}. */
    int removals(long message, String client) {
        return has(message) ? placed.get(message).removing.getOrDefault(client, 0) : 0;
    }

    /** Returns whether a message is being deleted. */
    boolean isDeleted(long message) {
        return has(message) && placed.get(message).deletions > 0;
    }

    /** Returns the reaction with an offset as it was before its deletion was placed, if it is being deleted. */
    Optional<Message> deleted(long reaction) {
        return Optional.ofNullable(has(reaction) ? placed.get(reaction).deleted : null);
    }

    /**
     * Records that a message has its place, but is not written yet.
     *
     * @param to the message that it refers to, if that is in memory
     */
    void add(Message message, Optional<Message> to) {
        Reference reference = message.attributes().ref().orElse(null);
        if (reference == null) {
            return;
        }
        Placed among = hold(reference.offset());
        switch (reference.kind()) {
            case EDIT -> among.edits.add(message.position().offset());
            case REACTION -> count(among, reference, message, 1);
            case DELETE -> {
                among.deletions++;
                to.filter(Reactions::isReaction).ifPresent(reaction -> {
                    hold(target(reaction));
                    among.deleted = reaction;
                });
            }
            case REPLY -> {}
        }
    }

    /** Undoes {@link #add}: the message is written, or has failed. */
    void remove(Message message) {
        Reference reference = message.attributes().ref().orElse(null);
        Placed among = reference == null ? null : placed.get(reference.offset());
        if (among == null) {
            return;
        }
        switch (reference.kind()) {
            case EDIT -> among.edits.remove(message.position().offset());
            case REACTION -> count(among, reference, message, -1);
            case DELETE -> {
                among.deletions--;
                if (among.deleted != null) {
                    release(target(among.deleted));
                    among.deleted = null;
                }
            }
            case REPLY -> {}
        }
        release(reference.offset());
    }

    private Placed hold(long message) {
        placed = placed.isEmpty() ? new HashMap<>() : placed;
        Placed held = placed.computeIfAbsent(message, absent -> {
            size.accept(PLACED_BYTES);
            return new Placed();
        });
        held.count++;
        return held;
    }

    private void release(long message) {
        Placed held = placed.get(message);
        held.count--;
        if (held.count == 0) {
            placed.remove(message);
            size.accept(-PLACED_BYTES);
        }
    }

    private static void count(Placed among, Reference reference, Message reaction, int more) {
        String client = Reactions.client(reaction);
        Map<String, Integer> clients = reference.remove() ? among.removing : among.reacting;
        int number = clients.getOrDefault(client, 0) + more;
        if (number == 0) {
            clients.remove(client);
        } else {
            clients.put(client, number);
        }
        among.reactions += reference.remove() ? 0 : more;
    }

    private static long target(Message reaction) {
        return reaction.attributes().ref().orElseThrow().offset();
    }
}

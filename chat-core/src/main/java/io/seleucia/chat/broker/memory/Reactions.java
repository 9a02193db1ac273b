package io.seleucia.chat.broker.memory;

import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * The reactions in a channel's history, as messages. Each method passes over the messages behind the one that is reacted to, so
 * it is for deletions only. Used with the channel's lock.
 */
record Reactions(MessageWindow history) {
    /** Returns whether a message is a reaction, or takes one back. */
    static boolean isReaction(Message message) {
        return message.attributes()
                .ref()
                .filter(ref -> ref.kind() == Kind.REACTION)
                .isPresent();
    }

    /** Returns the {@link Sender#key} of a message's client. */
    static String client(Message message) {
        return new Sender(message.sender(), message.guest()).key();
    }

    /**
     * Returns the offsets of what the deletion of a reaction removes: it, with all others that keep it in force; and of a message
     * that takes it back, with all up to that.
     */
    List<Long> withRepetitions(Message reaction) {
        long offset = reaction.position().offset();
        if (reaction.attributes()
                .ref()
                .orElseThrow()
                .remove()) { // with what it takes back, else that would be in force
            return sameReactions(reaction).stream()
                    .map(message -> message.position().offset())
                    .filter(one -> one <= offset)
                    .toList();
        }
        TreeSet<Long> offsets = new TreeSet<>(inForce(reaction));
        offsets.add(offset);
        return List.copyOf(offsets);
    }

    /** Returns the offsets of a client's reactions with a text to a message which have not been taken back. */
    List<Long> inForce(Message reaction) {
        List<Long> offsets = new ArrayList<>();
        for (Message message : sameReactions(reaction)) {
            if (message.attributes().ref().orElseThrow().remove()) {
                offsets.clear();
            } else {
                offsets.add(message.position().offset());
            }
        }
        return offsets;
    }

    /** Returns what a client has published about its reaction with a text to a message, without what is deleted. */
    private List<Message> sameReactions(Message reaction) {
        return like(reaction).stream()
                .filter(message -> message.content().equals(reaction.content()))
                .toList();
    }

    /** Returns all reactions of a reaction's client to the same message, without those that are deleted. */
    List<Message> like(Message reaction) {
        List<Message> all = new ArrayList<>();
        long target = reaction.attributes().ref().orElseThrow().offset();
        for (int i = history.find(target + 1); i < history.size(); i++) {
            Message message = history.get(i);
            if (isReaction(message)
                    && message.attributes().ref().orElseThrow().offset() == target
                    && message.sender().equals(reaction.sender())
                    && message.guest() == reaction.guest()
                    && !message.isDeleted()) {
                all.add(message);
            }
        }
        return all;
    }
}

package io.seleucia.chat.broker.journal;

import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The combined effect of later messages on one message. Immutable; each later message gives another fold.
 *
 * @param edits the offsets of all edits, ascending
 * @param edit the newest edit that is still there
 * @param reactions the clients, by {@link Sender#key}, that have reacted with each text; both in the order of first use
 * @param replies the number of replies that are not deleted
 */
public record Fold(List<Long> edits, Optional<Edit> edit, Map<String, List<String>> reactions, int replies) {
    /** The fold of a message to which none refers. */
    public static final Fold NONE = new Fold(List.of(), Optional.empty(), Map.of(), 0);

    private static final int BYTES = 150; // a fold and its entry in a map
    private static final int EDIT_BYTES = 28;
    private static final int TEXT_BYTES = 130;
    private static final int CLIENT_BYTES = 8; // the reaction's message holds the name too

    /** The newest content of a message. */
    public record Edit(long offset, long time, String sender, Content content) {}

    /** Copies the lists. */
    public Fold {
        edits = List.copyOf(edits);
        Map<String, List<String>> copy = new LinkedHashMap<>();
        reactions.forEach((text, clients) -> copy.put(text, List.copyOf(clients)));
        reactions = Collections.unmodifiableMap(copy);
    }

    /** Returns this fold and what a message adds to it. The message refers to the one that has this fold. */
    public Fold with(Message later) {
        Reference reference = later.attributes().ref().orElseThrow();
        return switch (reference.kind()) {
            case REPLY -> later.isDeleted() ? this : withReplies(replies + 1);
            case EDIT -> later.isDeleted() ? this : withEdit(later);
            case REACTION -> {
                if (later.isDeleted()) {
                    yield this;
                }
                String client = new Sender(later.sender(), later.guest()).key();
                String text = later.content().asText();
                yield reference.remove() ? withoutReaction(text, client) : withReaction(text, client);
            }
            case DELETE -> this; // the deletion blanks its target in the log itself
        };
    }

    private Fold withEdit(Message later) {
        List<Long> more = new ArrayList<>(edits);
        more.add(later.position().offset());
        Edit newest = new Edit(later.position().offset(), later.time(), later.sender(), later.content());
        return new Fold(more, Optional.of(newest), reactions, replies);
    }

    private Fold withReaction(String text, String client) {
        if (hasReaction(text, client)) {
            return this;
        }
        Map<String, List<String>> more = new LinkedHashMap<>(reactions);
        List<String> clients = new ArrayList<>(reactions.getOrDefault(text, List.of()));
        clients.add(client);
        more.put(text, clients);
        return withReactions(more);
    }

    private Fold withoutReaction(String text, String client) {
        if (!hasReaction(text, client)) {
            return this;
        }
        Map<String, List<String>> fewer = new LinkedHashMap<>(reactions);
        List<String> clients = new ArrayList<>(reactions.get(text));
        clients.remove(client);
        if (clients.isEmpty()) {
            fewer.remove(text);
        } else {
            fewer.put(text, clients);
        }
        return withReactions(fewer);
    }

    /** Returns this fold without a reaction. */
    public Fold withoutReaction(Message reaction) {
        return withoutReaction(reaction.content().asText(), new Sender(reaction.sender(), reaction.guest()).key());
    }

    private Fold withReactions(Map<String, List<String>> others) {
        return new Fold(edits, edit, others, replies);
    }

    /** Returns this fold with another number of replies. */
    public Fold withReplies(int number) {
        return new Fold(edits, edit, reactions, Math.max(0, number));
    }

    /** Returns what is left of this fold when its message is deleted. */
    public Fold blanked() {
        return new Fold(List.of(), Optional.empty(), Map.of(), replies);
    }

    /** Returns this fold without a sender's edit and reactions, and without those of a guest of that name. */
    public Fold without(String sender) {
        Map<String, List<String>> fewer = new LinkedHashMap<>();
        reactions.forEach((text, clients) -> {
            List<String> others = clients.stream()
                    .filter(client -> !Sender.ofKey(client).name().equals(sender))
                    .toList();
            if (!others.isEmpty()) {
                fewer.put(text, others);
            }
        });
        return new Fold(edits, edit.filter(newest -> !newest.sender.equals(sender)), fewer, replies);
    }

    /** Returns whether a client has reacted with a text. */
    public boolean hasReaction(String text, String client) {
        return reactions.getOrDefault(text, List.of()).contains(client);
    }

    /** Returns the number of all clients' reactions. */
    public int reactionCount() {
        int count = 0;
        for (List<String> clients : reactions.values()) {
            count += clients.size();
        }
        return count;
    }

    /** Returns the number of texts with which a client has reacted. */
    public int reactionCount(String client) {
        int count = 0;
        for (List<String> clients : reactions.values()) {
            count += clients.contains(client) ? 1 : 0;
        }
        return count;
    }

    /** Returns whether no message refers to the one that has this fold. */
    public boolean isEmpty() {
        return edits.isEmpty() && reactions.isEmpty() && replies == 0;
    }

    /** Returns a message as it is now. */
    public FoldedMessage of(Message message) {
        if (message.isDeleted()) {
            return new FoldedMessage(message, Optional.empty(), List.of(), replies);
        }
        List<FoldedMessage.Reaction> counted = new ArrayList<>(reactions.size());
        reactions.forEach((text, clients) -> counted.add(new FoldedMessage.Reaction(
                text,
                clients.size(),
                clients.stream()
                        .limit(FoldedMessage.MAX_NAMED)
                        .map(client -> Sender.ofKey(client).name())
                        .toList())));
        return new FoldedMessage(
                edit.isPresent() ? message.withContent(edit.get().content()) : message,
                edit.map(newest -> new FoldedMessage.Edit(newest.offset(), newest.time())),
                counted,
                replies);
    }

    /** Returns about how much memory the fold takes without the messages that it was made of. */
    public long bytesAlone() {
        long bytes = bytes();
        if (edit.isPresent()) {
            bytes += Sizes.ofText(edit.get().content().asText())
                    + Sizes.ofText(edit.get().sender());
        }
        for (List<String> clients : reactions.values()) {
            for (String client : clients) {
                bytes += Sizes.ofText(client);
            }
        }
        return bytes;
    }

    /** Returns about how much memory the fold takes besides the messages that it was made of, which have the same texts. */
    public long bytes() {
        long bytes = BYTES + (long) EDIT_BYTES * edits.size();
        for (Map.Entry<String, List<String>> reaction : reactions.entrySet()) {
            bytes += TEXT_BYTES
                    + Sizes.ofText(reaction.getKey())
                    + (long) CLIENT_BYTES * reaction.getValue().size();
        }
        return bytes;
    }
}

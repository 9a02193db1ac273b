package io.seleucia.chat.message;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A message as it is now: as later messages, which refer to it, have left it.
 *
 * @param message the message, with its newest content; without content if it is deleted
 * @param edited the edit that the content is from; empty if the message was not edited
 * @param reactions the reactions, in the order in which their texts were first used
 * @param replies the number of replies that are not deleted
 */
public record FoldedMessage(Message message, Optional<Edit> edited, List<Reaction> reactions, int replies) {
    private static final int REACTION_CHARS = 64; // {"text":"","count":1,"clients":[]}, or an object with its list
    private static final int CLIENT_CHARS = 4; // a reference, or quotes and a comma

    /** The maximum number of clients that a reaction names. */
    public static final int MAX_NAMED = 20;

    /** The maximum number of reactions to one message, of all clients and texts together. */
    public static final int MAX_REACTIONS = 1_000;

    /** The maximum number of texts with which one client can react to one message. */
    public static final int MAX_CLIENT_REACTIONS = 20;

    /**
     * The maximum number of one client's reactions to one message that are not in force: repeated ones, those taken back, and
     * the messages that take them back. Then the client can only take back what is in force.
     */
    public static final int MAX_SPENT_REACTIONS = 200;

    /** The maximum number of edits of one message. */
    public static final int MAX_EDITS = 1_000;

    /**
     * The edit that a content is from.
     *
     * @param offset the edit's offset
     * @param time when it was published, in milliseconds since 1970-01-01T00:00Z
     */
    public record Edit(long offset, long time) {}

    /**
     * The reactions with one text.
     *
     * @param text the text
     * @param count the number of clients that have reacted so
     * @param clients the first of them, at most {@value #MAX_NAMED}
     */
    public record Reaction(String text, int count, List<String> clients) {
        /** Copies the list. */
        public Reaction {
            Objects.requireNonNull(text, "text");
            clients = List.copyOf(clients);
        }
    }

    /** Copies the list. */
    public FoldedMessage {
        Objects.requireNonNull(message, "message");
        Objects.requireNonNull(edited, "edited");
        reactions = List.copyOf(reactions);
    }

    /**
     * Creates a message to which none refers.
     *
     * @param message the message
     */
    public FoldedMessage(Message message) {
        this(message, Optional.empty(), List.of(), 0);
    }

    /** {@return about how many characters the message has, with an overhead for each reaction and each client that it names} */
    public int length() {
        int length = message.content().asText().length() + message.attributes().length();
        for (Reaction reaction : reactions) {
            length += REACTION_CHARS + reaction.text.length();
            for (String client : reaction.clients) {
                length += CLIENT_CHARS + client.length();
            }
        }
        return length;
    }
}

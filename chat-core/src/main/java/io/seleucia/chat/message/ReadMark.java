package io.seleucia.chat.message;

/**
 * How far a client has read a channel.
 *
 * @param offset the offset up to which it has read; 0 if it has never read anything
 * @param unread the number of messages in the history after that, at most {@value #MAX_UNREAD}. The client's own ones,
 *     annotations and deleted messages do not count
 * @param more whether more than that may be unread
 */
public record ReadMark(long offset, int unread, boolean more) {
    /** The maximum number of unread messages that are counted. */
    public static final int MAX_UNREAD = 1_000;

    /**
     * {@return the mark at an offset}
     *
     * @param offset the offset up to which the client has read
     * @param unread the number of unread messages that were found, which may be more than are counted
     * @param more whether there may be others
     */
    public static ReadMark of(long offset, int unread, boolean more) {
        return new ReadMark(offset, Math.min(unread, MAX_UNREAD), more || unread > MAX_UNREAD);
    }

    /**
     * {@return whether a message counts as unread for a client that has not read as far}
     *
     * @param message the message
     * @param client the client
     */
    public static boolean counts(Message message, Sender client) {
        boolean own = message.guest() == client.guest() && message.sender().equals(client.name());
        return !own && !message.isDeleted() && !message.attributes().isAnnotation();
    }
}

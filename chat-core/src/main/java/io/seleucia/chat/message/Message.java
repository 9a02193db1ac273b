package io.seleucia.chat.message;

import java.util.Objects;

/**
 * A message as it stands in a channel.
 *
 * @param channel the channel's name
 * @param position its place in the history, {@link Position#NONE} if no history holds it
 * @param sender the client id of who published it
 * @param guest whether the sender was a guest on a server that has accounts
 * @param time when the broker took it, in milliseconds since 1970-01-01T00:00Z
 * @param content what it says
 * @param attributes its headers and its reference, and whether it is deleted
 */
public record Message(
        String channel,
        Position position,
        String sender,
        boolean guest,
        long time,
        Content content,
        Attributes attributes) {
    /** Refuses null. */
    public Message {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(position, "position");
        Objects.requireNonNull(sender, "sender");
        Objects.requireNonNull(content, "content");
        Objects.requireNonNull(attributes, "attributes");
    }

    /**
     * A message without attributes.
     *
     * @param channel the channel's name
     * @param position the position in the channel
     * @param sender the sender's name
     * @param guest whether the sender was a guest on a server that has accounts
     * @param time the time, in milliseconds since 1970
     * @param content the content
     */
    public Message(String channel, Position position, String sender, boolean guest, long time, Content content) {
        this(channel, position, sender, guest, time, content, Attributes.NONE);
    }

    /**
     * A message of an account, or of a client of a server without accounts, without attributes.
     *
     * @param channel the channel's name
     * @param position the position in the channel
     * @param sender the sender's name
     * @param time the time, in milliseconds since 1970
     * @param content the content
     */
    public Message(String channel, Position position, String sender, long time, Content content) {
        this(channel, position, sender, false, time, content);
    }

    /**
     * {@return this message at another position}
     *
     * @param position the position in the channel
     */
    public Message at(Position position) {
        return new Message(channel, position, sender, guest, time, content, attributes);
    }

    /**
     * {@return this message in another channel}
     *
     * @param channel the channel's name
     */
    public Message in(String channel) {
        return new Message(channel, position, sender, guest, time, content, attributes);
    }

    /**
     * {@return this message with another content}
     *
     * @param content the content
     */
    public Message withContent(Content content) {
        return new Message(channel, position, sender, guest, time, content, attributes);
    }

    /**
     * {@return this message without its content, as a deleted one}
     *
     * @param deletion who has deleted it, and when
     */
    public Message deleted(Attributes.Deleted deletion) {
        return new Message(channel, position, sender, guest, time, Content.NONE, attributes.deleted(deletion));
    }

    /** {@return whether the message is deleted} */
    public boolean isDeleted() {
        return attributes.deleted().isPresent();
    }
}

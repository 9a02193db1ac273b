package io.seleucia.chat.broker.memory;

import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Message;

/** The memory that a message takes in a channel. */
final class MessageSize {
    private static final int MESSAGE_BYTES = 84; // a message, its position and its place in the history, without texts
    private static final int ATTRIBUTES_BYTES = 72; // with a reference; a session's messages share the rest
    private static final int HEADER_BYTES = 136; // with its entry in a map, without texts

    private MessageSize() {}

    /** Returns the size of a message in bytes, including the sender's name, which messages may share. */
    static long of(Message message) {
        return MESSAGE_BYTES
                + Sizes.ofText(message.content().asText())
                + Sizes.ofText(message.sender())
                + (message.attributes() == Attributes.NONE ? 0 : of(message.attributes()));
    }

    private static long of(Attributes attributes) {
        return ATTRIBUTES_BYTES + (long) HEADER_BYTES * attributes.headers().size() + 2L * attributes.length();
    }
}

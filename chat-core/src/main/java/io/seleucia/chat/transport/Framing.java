package io.seleucia.chat.transport;

import io.seleucia.chat.message.Payload;

/** Frames messages. Connections that frame alike share one object, so that a message to many is framed once. Any thread. */
public interface Framing {
    /** Returns the message as a frame. Does not block. */
    Frame frame(Payload message);
}

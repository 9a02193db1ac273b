package io.seleucia.chat.transport;

import io.seleucia.chat.message.Payload;

/**
 * How a transport frames a message. All connections that frame alike share one object, so that a message to many is
 * framed once. Callable by any thread; does not block.
 */
public interface Framing {
    /** The message as a frame. */
    Frame frame(Payload message);
}

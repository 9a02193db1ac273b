package io.seleucia.chat;

import io.seleucia.chat.message.Payload;

/**
 * Serves the WebSockets of one path without any chat protocol: messages come as they are, and so they go. One handler
 * serves all connections of its path; each calls it from its own thread, one call at a time.
 */
@FunctionalInterface
public interface WebSocketHandler {
    /**
     * A message came, text or binary, whole. While this method blocks nothing more is read from that peer, and no other
     * peer is concerned. An exception closes the connection with 1011 and is logged.
     */
    void message(RawWebSocket socket, Payload message);

    /** A connection was opened; messages come after this. */
    default void opened(RawWebSocket socket) {}

    /** A connection has ended, however that came; nothing more comes from it. */
    default void closed(RawWebSocket socket) {}
}

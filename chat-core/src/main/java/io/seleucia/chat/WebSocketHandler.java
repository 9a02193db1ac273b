package io.seleucia.chat;

import io.seleucia.chat.message.Payload;

/**
 * A handler of the WebSockets of one path, which speak no chat protocol. One handler serves all connections of its path; each
 * connection calls it from its own thread, one call at a time.
 */
@FunctionalInterface
public interface WebSocketHandler {
    /**
     * Handles a complete message, text or binary. While this method blocks, nothing more is read from this peer; other peers
     * are not affected. An exception is logged, and closes the connection with 1011.
     *
     * @param socket the connection
     * @param message the message
     */
    void message(RawWebSocket socket, Payload message);

    /**
     * Called when a connection has opened, before its first message.
     *
     * @param socket the connection
     */
    default void opened(RawWebSocket socket) {}

    /**
     * Called when a connection has ended for any reason, after its last message.
     *
     * @param socket the connection
     */
    default void closed(RawWebSocket socket) {}
}

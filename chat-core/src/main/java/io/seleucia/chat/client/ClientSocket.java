package io.seleucia.chat.client;

/**
 * A connection to a server. It reports events in threads of its own, one at a time. The client's thread calls its methods, of
 * which none blocks.
 */
interface ClientSocket {
    /** A report to the client's thread. */
    sealed interface Report {}

    /**
     * A message has come, and waits in the window.
     *
     * @param more whether the next one is requested already
     */
    record Received(String text, boolean more) implements Report {
        /** Returns the memory of the message, at most. */
        int bytes() {
            return 2 * text.length();
        }
    }

    /** The server is alive: a ping has come, or so many characters of a message that goes on. */
    record Heard(int chars) implements Report {}

    /** The frame has been sent, and there is room for the next one. */
    record Sent() implements Report {}

    /** The connection has ended with this close code; 1006 if it broke. */
    record Ended(int code, String reason) implements Report {}

    /** Sends a frame. The next one may be sent only after {@link Sent}. */
    void send(String text);

    /** Requests the next message: the first one, or the one after the window was full. */
    void request();

    /** Closes the connection in an orderly way. The end is reported as {@link Ended}. */
    void close();

    /** Ends the connection at once. */
    void abort();

    /** Returns whether it is a WebSocket. */
    boolean isWebSocket();
}

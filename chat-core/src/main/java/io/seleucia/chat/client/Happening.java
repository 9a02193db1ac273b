package io.seleucia.chat.client;

/** What the client's thread is told, by all other threads, one after the other. */
sealed interface Happening {
    /** The program asks for something; room for it is reserved. */
    record Asked(Task<?> task) implements Happening {}

    /** The program wants to end, once all that it published is acknowledged. */
    record Closing() implements Happening {}

    /** The listener has caught up. */
    record Drained() implements Happening {}

    /** An attempt to connect has succeeded; the login is to be sent next. */
    record Opened(int attempt, ClientSocket socket, ClientCodec.Login login) implements Happening {}

    /** An attempt to connect has failed. */
    record NotOpened(int attempt, boolean unauthorized, String reason) implements Happening {}

    /**
     * A message has come, and waits in the window.
     *
     * @param more whether more is being read; if not, none follows before it is asked for
     */
    record Received(ClientSocket socket, String text, boolean more) implements Happening {
        /** What it occupies, at most. */
        int bytes() {
            return 2 * text.length();
        }
    }

    /** A sign of life has come that is no message: a ping, or so many characters of a message that goes on. */
    record Heard(ClientSocket socket, int chars) implements Happening {}

    /** The frame that was to be sent is on its way, and there is room for the next. */
    record Sent(ClientSocket socket) implements Happening {}

    /** A connection has ended, with this close code; 1006 if it broke. */
    record Ended(ClientSocket socket, int code, String reason) implements Happening {}
}

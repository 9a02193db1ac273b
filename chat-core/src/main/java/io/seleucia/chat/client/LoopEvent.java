package io.seleucia.chat.client;

/** The events that other threads report to the client's thread. */
sealed interface LoopEvent {
    /** The program has made a request; room for it is reserved. */
    record Asked(PendingRequest<?> request) implements LoopEvent {}

    /** The program wants to end, once all that it published is acknowledged. */
    record Closing() implements LoopEvent {}

    /** The listener has caught up. */
    record Drained() implements LoopEvent {}

    /** An attempt to connect has succeeded; the login is to be sent next. */
    record Opened(int attempt, ClientSocket socket, ClientCodec.Credentials credentials) implements LoopEvent {}

    /** An attempt to connect has failed. */
    record NotOpened(int attempt, boolean unauthorized, String reason) implements LoopEvent {}

    /** While connected over HTTP, a WebSocket was tried. */
    record Probed(boolean through) implements LoopEvent {}

    /** A connection reports something. */
    record FromSocket(ClientSocket socket, ClientSocket.Report report) implements LoopEvent {}
}

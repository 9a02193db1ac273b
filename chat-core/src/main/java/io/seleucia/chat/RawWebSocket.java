package io.seleucia.chat;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.session.Loops;
import io.seleucia.chat.transport.Frame;

/** One peer's WebSocket, as a {@link WebSocketHandler} sees it. All methods may be called by any thread. */
public final class RawWebSocket {
    private final Loops loops;
    private final String path;

    private RawWebSocket(Loops loops, String path) {
        this.loops = loops;
        this.path = path;
    }

    /** What has a connection's messages handled. */
    static Loops.Receiver receiver(Loops loops, String path, WebSocketHandler handler) {
        RawWebSocket socket = new RawWebSocket(loops, path);
        return new Loops.Receiver() {
            @Override
            public void began() {
                handler.opened(socket);
            }

            @Override
            public void received(Payload message) {
                handler.message(socket, message);
            }

            @Override
            public void ended() {
                handler.closed(socket);
            }
        };
    }

    /** The path that the client asked for, without a query. */
    public String path() {
        return path;
    }

    /** The peer's address and port. */
    public String peer() {
        return loops.connection().peer();
    }

    /**
     * Sends a message in its turn, waiting while the peer does not read what was sent before. Meant for the thread that
     * calls the handler, so that a peer that does not read is not read from either. Does nothing once the connection has
     * ended.
     */
    public void send(Payload message) {
        loops.answer(frame(message));
    }

    /**
     * Sends a message in its turn, without ever waiting: a peer for which too much waits already is closed with 4000.
     * Meant for one message to many peers.
     */
    public void offer(Payload message) {
        loops.offer(frame(message));
    }

    /** Closes in an orderly way, after what waits has been sent. Does not wait. */
    public void close() {
        loops.end(CloseCode.NORMAL, false);
    }

    private Frame frame(Payload message) {
        return loops.connection().framing().frame(message);
    }
}

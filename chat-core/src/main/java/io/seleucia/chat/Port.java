package io.seleucia.chat;

import io.seleucia.chat.session.Loops;
import java.util.stream.Stream;

/** Where connections come from. */
interface Port {
    /** What is served there at this moment, but for connections whose handshake is not done. */
    Stream<Loops> connections();

    /** Accepts no more, and tells all clients that the server restarts. Does not wait. */
    void stop();

    /**
     * Waits, when it has been stopped, until all clients have what waits for them, and cuts off those who take longer.
     *
     * @param deadline when that is, as {@link System#nanoTime}
     */
    void drain(long deadline);
}

package io.seleucia.chat;

import io.seleucia.chat.session.Loops;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Stream;

/** Where connections come from. */
interface Port {
    /** How soon {@link #drain} notices that another thread is closing the server too. */
    Duration LOOK = Duration.ofMillis(50);

    /** What is served there at this moment, but for connections whose handshake is not done. */
    Stream<Loops> connections();

    /** Accepts no more, and tells all clients that the server restarts. Does not wait. */
    void stop();

    /**
     * Waits, when it has been stopped, until all clients have what waits for them, and cuts off those who take longer.
     *
     * @param deadline when that is, as {@link System#nanoTime}
     * @param closing the threads that are closing the server: a connection whose inbound loop is one of them ends after
     *     that, and is neither awaited nor cut off. May change meanwhile
     */
    void drain(long deadline, Set<Thread> closing);
}

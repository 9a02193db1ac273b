package io.seleucia.chat.faults;

import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Somebody who talks in channels and to others, whatever happens to the connection, and remembers everything that was
 * shown.
 */
interface Member extends Attendee, AutoCloseable {
    /**
     * Where all servers listen, and what all members are called.
     *
     * @param silence after which a connection is given up, longer than a server is silent
     * @param errors whether programs with clients have listeners that throw Errors
     * @param forgetful whether the store may be put back, so that an offset may become another message's
     */
    record Scene(List<Integer> ports, List<String> names, Duration silence, boolean errors, boolean forgetful) {
        /** For what a reference may be refused; an offset that was given again may be of anything. */
        Set<String> refusals() {
            return forgetful ? Set.of("too_old", "forbidden", "bad_request") : Set.of("too_old", "forbidden");
        }
    }

    /** Resets the connection, and has none for a while. */
    void cut(Duration away);

    /** Goes on talking, and hears nothing of the answers, until the connection is cut. */
    void deafen();

    /** Stops reading, until what is returned is run. */
    Runnable stall();

    /** Whether it publishes anything new from now on. In its channels it is in any case. */
    void talk(boolean talking);

    /** Whether everything is acknowledged, and every channel is read up to the end that it has. */
    boolean isAt(Map<String, Position> ends);

    /** Completes when everything that the server has sent before now is read. */
    CompletableFuture<?> pong() throws IOException;

    /** Whether its messages stand in each channel in the order in which it published them. */
    boolean keepsOrder();

    /** What it was shown. To be asked after {@link #close}, as all below. */
    Collection<Track> tracks();

    Outbox outbox();

    Marks marks();

    /** Errors that no fault explains. */
    List<String> surprises();

    @Override
    void close();
}

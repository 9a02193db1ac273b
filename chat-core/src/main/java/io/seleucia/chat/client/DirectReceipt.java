package io.seleucia.chat.client;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Position;
import java.util.Objects;
import java.util.Optional;

/**
 * The positions of a direct message, which the recipient and the sender each have in their inboxes.
 *
 * @param theirs the position in the recipient's inbox
 * @param own the position in the sender's own inbox, to which later references refer; empty if the server keeps no copy
 */
public record DirectReceipt(Position theirs, Optional<Position> own) {
    /** Refuses null. */
    public DirectReceipt {
        Objects.requireNonNull(theirs, "theirs");
        Objects.requireNonNull(own, "own");
    }

    static DirectReceipt of(Event.Published published) {
        return new DirectReceipt(published.position(), published.own());
    }

    /** Returns the position at which this client sees the message, if it sees it at all. */
    Position shown() {
        return own.orElse(theirs);
    }
}

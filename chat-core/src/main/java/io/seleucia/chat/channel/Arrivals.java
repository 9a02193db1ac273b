package io.seleucia.chat.channel;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;

/**
 * The messages that arrive in a channel while the broker counts what a client has not read before: they are added to that count
 * when the client joins. Guarded by the channel's lock.
 */
final class Arrivals {
    private final Sender client;
    private final Position start;
    private int unread;
    private boolean outdated; // the broker must count again

    /** @param start the channel's position: the messages after it are counted here */
    Arrivals(Sender client, Position start) {
        this.client = client;
        this.start = start;
    }

    /** Returns the offset up to which the broker counts. */
    long start() {
        return start.offset();
    }

    /** Notes a message, or a loss, at a position of the channel. */
    void note(Position position, Event.Push push) {
        if (push instanceof Event.Received received && position.sameEpoch(start)) {
            Message message = received.message();
            unread += ReadMark.counts(message, client) ? 1 : 0;
            outdated |= message.attributes().isDeletion(); // of one that may have been counted
        } else {
            outdated = true;
        }
    }

    /** Notes that a client has read further. */
    void noteRead(Sender reader) {
        outdated |= reader.equals(client);
    }

    /** Returns whether the broker's count is no longer right. */
    boolean areOutdated() {
        return outdated;
    }

    /** Returns the broker's count, with the messages that have arrived since. */
    ReadMark addedTo(ReadMark counted) {
        return ReadMark.of(counted.offset(), counted.unread() + unread, counted.more());
    }
}

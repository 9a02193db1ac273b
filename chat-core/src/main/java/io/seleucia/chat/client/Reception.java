package io.seleucia.chat.client;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What becomes of the server's pushes: each message moves its channel's position by one and is passed on to the
 * listener; whatever stands before that position has been shown already, and what stands further behind it leaves a gap.
 * Used by the client's thread only.
 */
final class Reception {
    private static final Logger LOG = System.getLogger(Reception.class.getName());
    private static final int MOST_HELD_BYTES = 1 << 20;

    /** A message of the inbox that came before it was known where the inbox begins. */
    private record Held(Message message, int bytes) {}

    private final DesiredState desired;
    private final Delivery delivery;
    private final List<Held> held = new ArrayList<>();
    private int heldBytes;

    Reception(DesiredState desired, Delivery delivery) {
        this.desired = desired;
        this.delivery = delivery;
    }

    /**
     * Takes a push.
     *
     * @param bytes what it occupies
     * @return why the connection is of no more use, if it is not: there is a gap, which a new subscription fills
     */
    Optional<String> take(Event.Push push, int bytes) {
        switch (push) {
            case Event.Received received -> {
                return take(received.message(), bytes);
            }
            case Event.SignalReceived signal ->
                delivery.put(bytes, to -> to.signal(signal.channel(), signal.sender(), signal.content()));
            case Event.Joined joined -> delivery.put(bytes, to -> to.joined(joined.channel(), joined.client()));
            case Event.Left left -> delivery.put(bytes, to -> to.left(left.channel(), left.client()));
            case Event.Lost lost -> take(lost);
            case Event.Goodbye goodbye -> {} // a Close follows, which says the same
            case Event.Own own -> {} // no frame is decoded to that
        }
        return Optional.empty();
    }

    private Optional<String> take(Message message, int bytes) {
        boolean direct = Names.isInbox(message.channel());
        String channel = direct ? Names.inboxOf(desired.name()) : message.channel();
        Optional<Position> reached = position(channel);
        if (reached.isEmpty()) {
            return direct ? hold(message, bytes) : Optional.empty(); // it has left that channel
        }
        if (message.position().equals(Position.NONE)) {
            deliver(direct, placed(message, channel, Position.NONE), bytes);
            return Optional.empty();
        }
        Position position = reached.get().at(message.position().offset());
        if (position.offset() <= reached.get().offset()) {
            LOG.log(Level.DEBUG, () -> channel + ": " + position + " came once more");
            return Optional.empty();
        }
        if (!position.equals(reached.get().next())) {
            return Optional.of(gap(channel, position, reached.get()));
        }
        move(channel, position);
        deliver(direct, placed(message, channel, position), bytes);
        return Optional.empty();
    }

    /**
     * Skips a message that can't be read: the listener is told that it is lost. Else as {@link #take}.
     *
     * @param channel the channel, or {@code @} for the own inbox
     * @param offset its place, 0 if it has none or even that can't be read
     */
    Optional<String> skip(String channel, long offset) {
        String name = Names.isInbox(channel) ? Names.inboxOf(desired.name()) : channel;
        Optional<Position> reached = position(name);
        if (reached.isEmpty() || offset <= reached.get().offset()) {
            return Optional.empty(); // it has left that channel, or is not owed the message
        }
        Position position = reached.get().at(offset);
        if (!position.equals(reached.get().next())) {
            return Optional.of(gap(name, position, reached.get()));
        }
        LOG.log(Level.WARNING, "a message in " + name + " can't be read, and is skipped: " + position);
        move(name, position);
        lost(name, reached.get(), position);
        return Optional.empty();
    }

    private static String gap(String channel, Position position, Position reached) {
        return "in " + channel + " " + position + " came after " + reached;
    }

    private static Message placed(Message message, String channel, Position position) {
        return new Message(channel, position, message.sender(), message.time(), message.content());
    }

    private void deliver(boolean direct, Message message, int bytes) {
        delivery.put(bytes, direct ? to -> to.direct(message) : to -> to.message(message));
    }

    private Optional<String> hold(Message message, int bytes) {
        heldBytes += bytes;
        if (heldBytes > MOST_HELD_BYTES) {
            return Optional.of("too much came before it was known where the inbox begins");
        }
        held.add(new Held(message, bytes));
        return Optional.empty();
    }

    /** The inbox begins here; what came meanwhile and stands behind that follows. See {@link #take}. */
    Optional<String> inboxBegins(Position position) {
        desired.moveInboxTo(position);
        Optional<String> gap = Optional.empty();
        for (Held one : held) {
            gap = gap.or(() -> take(one.message(), one.bytes()));
        }
        held.clear();
        return gap;
    }

    /** What came on a connection before it was known where the inbox begins is not owed to anybody. */
    void disconnected() {
        held.clear();
        heldBytes = 0;
    }

    private void take(Event.Lost lost) {
        Optional<Position> reached = position(lost.channel());
        if (reached.isPresent() && isAhead(lost.position(), reached.get())) {
            move(lost.channel(), lost.position());
            lost(lost.channel(), reached.get(), lost.position());
        }
    }

    private static boolean isAhead(Position position, Position reached) {
        return !position.sameEpoch(reached) || position.offset() > reached.offset();
    }

    /** Tells the listener of a loss. */
    void lost(String channel, Position after, Position until) {
        delivery.put(0, to -> to.lost(new Loss(channel, after, until)));
    }

    private Optional<Position> position(String channel) {
        return Names.isInbox(channel) ? desired.inbox() : desired.lane(channel).flatMap(Lane::position);
    }

    private void move(String channel, Position position) {
        if (Names.isInbox(channel)) {
            desired.moveInboxTo(position);
        } else {
            desired.lane(channel).ifPresent(lane -> lane.moveTo(position));
        }
    }
}

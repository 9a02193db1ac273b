package io.seleucia.chat.client;

import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Handles the server's pushes. Each message moves its channel's position by one, and goes to the listener. A message before
 * that position is a repetition; one further behind it leaves a gap. Used by the client's thread only.
 */
final class PushHandler {
    private static final Logger LOG = System.getLogger(PushHandler.class.getName());
    private static final int MOST_HELD_BYTES = 1 << 20;

    /** A message of the inbox that came before the inbox's position was known. */
    private record Held(Message message, int bytes) {}

    private final DesiredState desired;
    private final ListenerDispatcher dispatcher;
    private final List<Held> held = new ArrayList<>();
    private int heldBytes;

    PushHandler(DesiredState desired, ListenerDispatcher dispatcher) {
        this.desired = desired;
        this.dispatcher = dispatcher;
    }

    /**
     * Takes a push.
     *
     * @param bytes the memory of the push
     * @return the reason to disconnect, if there is a gap: a new subscription fills it
     */
    Optional<String> take(Event.Push push, int bytes) {
        switch (push) {
            case Event.Received received -> {
                return take(received.message(), bytes);
            }
            case Event.SignalReceived signal ->
                dispatcher.put(
                        bytes,
                        to -> to.signal(
                                signal.channel(), new Sender(signal.sender(), signal.guest()), signal.content()));
            case Event.Joined joined ->
                dispatcher.put(bytes, to -> to.joined(joined.channel(), new Sender(joined.client(), joined.guest())));
            case Event.Left left ->
                dispatcher.put(bytes, to -> to.left(left.channel(), new Sender(left.client(), left.guest())));
            case Event.Described described ->
                dispatcher.put(
                        bytes,
                        to -> to.described(described.channel(), described.info().json()));
            case Event.Lost lost -> take(lost);
            case Event.Removed removed -> take(removed);
            case Event.Read read -> dispatcher.put(bytes, to -> to.read(read.channel(), read.mark()));
            case Event.ReadReceipt receipt ->
                dispatcher.put(
                        bytes,
                        to -> to.receipt(
                                receipt.channel(), new Sender(receipt.client(), receipt.guest()), receipt.offset()));
            case Event.Goodbye goodbye -> {} // the Close that follows has the code
            case Event.Custom custom -> {} // never decoded
        }
        return Optional.empty();
    }

    /** Tells the listener what the reply to a subscription has besides the position. */
    void subscribed(Event.Subscribed subscribed) {
        String channel = subscribed.channel();
        subscribed.info().ifPresent(info -> dispatcher.put(0, to -> to.described(channel, info.json())));
        subscribed.read().ifPresent(mark -> dispatcher.put(0, to -> to.read(channel, mark)));
    }

    private Optional<String> take(Message message, int bytes) {
        boolean direct = Names.isInbox(message.channel());
        String channel = direct ? Names.inboxOf(desired.name()) : message.channel();
        Optional<Position> reached = position(channel);
        if (reached.isEmpty()) {
            return direct ? hold(message, bytes) : Optional.empty(); // unsubscribed meanwhile
        }
        if (message.position().equals(Position.NONE)) {
            deliver(direct, message.in(channel).at(Position.NONE), bytes);
            return Optional.empty();
        }
        Position position = reached.get().at(message.position().offset());
        if (position.offset() <= reached.get().offset()) {
            LOG.log(Level.DEBUG, () -> channel + ": " + position + " came once more");
            return Optional.empty();
        }
        if (!position.equals(reached.get().next())) {
            return gap(channel, position, reached.get());
        }
        move(channel, position);
        deliver(direct, message.in(channel).at(position), bytes);
        return Optional.empty();
    }

    /**
     * Skips a message that can't be read: the listener is told that it is lost. Otherwise like {@link #take}.
     *
     * @param channel the channel, or {@code @} for the client's inbox
     * @param offset the message's offset, 0 if it has none or is not legible
     */
    Optional<String> skip(String channel, long offset) {
        String name = Names.isInbox(channel) ? Names.inboxOf(desired.name()) : channel;
        Optional<Position> reached = position(name);
        if (reached.isEmpty() || offset <= reached.get().offset()) {
            return Optional.empty(); // unsubscribed meanwhile, or a repetition
        }
        Position position = reached.get().at(offset);
        if (!position.equals(reached.get().next())) {
            return gap(name, position, reached.get());
        }
        LOG.log(Level.WARNING, "a message in " + name + " can't be read, and is skipped: " + position);
        move(name, position);
        lost(name, reached.get(), position);
        return Optional.empty();
    }

    private static Optional<String> gap(String channel, Position position, Position reached) {
        return Optional.of("in " + channel + " " + position + " came after " + reached);
    }

    /** Tells the listener of a message. An edit without content is left out: the deletion of its message follows. */
    private void deliver(boolean direct, Message message, int bytes) {
        Attributes attributes = message.attributes();
        if (attributes.isAnnotation()) {
            switch (attributes.ref().orElseThrow().kind()) {
                case EDIT -> {
                    if (!message.isDeleted()) {
                        dispatcher.put(bytes, to -> to.edited(message));
                    }
                }
                case DELETE -> dispatcher.put(bytes, to -> to.deleted(message));
                case REACTION -> dispatcher.put(bytes, to -> to.reaction(message));
                case REPLY -> {} // no annotation
            }
        } else if (!direct) {
            dispatcher.put(bytes, to -> to.message(message));
        } else if (attributes.to().isEmpty() || attributes.to().equals(desired.name())) {
            dispatcher.put(bytes, to -> to.direct(message));
        } else {
            dispatcher.put(bytes, to -> to.sent(message));
        }
    }

    private Optional<String> hold(Message message, int bytes) {
        heldBytes += bytes;
        if (heldBytes > MOST_HELD_BYTES) {
            return Optional.of("too much came before it was known where the inbox begins");
        }
        held.add(new Held(message, bytes));
        return Optional.empty();
    }

    /** Sets the position of the inbox, and handles the messages that came meanwhile. Returns like {@link #take}. */
    Optional<String> inboxBegins(Position position) {
        desired.moveInboxTo(position);
        Optional<String> gap = Optional.empty();
        for (Held one : held) {
            gap = gap.or(() -> take(one.message(), one.bytes()));
        }
        held.clear();
        return gap;
    }

    /** Drops the held messages, which the server will send again. */
    void disconnected() {
        held.clear();
        heldBytes = 0;
    }

    /** Ends a subscription for good: the server would refuse another one. */
    private void take(Event.Removed removed) {
        if (desired.queue(removed.channel()).filter(ChannelQueue::removed).isPresent()) {
            ChatException reason = ChatException.refused(removed.code(), removed.message());
            dispatcher.put(0, to -> to.removed(removed.channel(), reason));
        }
    }

    /** Takes a loss. One that ends where the listener is concerns messages that it has: the whole channel was deleted. */
    private void take(Event.Lost lost) {
        Optional<Position> reached = position(lost.channel());
        Position until = lost.position();
        if (reached.isEmpty()
                || until.sameEpoch(reached.get())
                        && until.offset() < reached.get().offset()) {
            return;
        }
        move(lost.channel(), until);
        lost(lost.channel(), until.equals(reached.get()) ? until.at(0) : reached.get(), until);
    }

    /** Tells the listener of a loss. */
    void lost(String channel, Position after, Position until) {
        dispatcher.put(0, to -> to.lost(new Loss(channel, after, until)));
    }

    private Optional<Position> position(String channel) {
        return Names.isInbox(channel) ? desired.inbox() : desired.queue(channel).flatMap(ChannelQueue::position);
    }

    private void move(String channel, Position position) {
        if (Names.isInbox(channel)) {
            desired.moveInboxTo(position);
        } else {
            desired.queue(channel).ifPresent(queue -> queue.moveTo(position));
        }
    }
}

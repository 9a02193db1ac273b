package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.transport.Frame;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Keeps a session's own messages from it, and nothing else: messages of others who bear its name pass.
 *
 * <p>What tells a message is its position, which no other has, and which the broker gives to its publisher. It may come
 * back before that: a session publishes one message at a time, so that only what bears its name and comes while one is
 * in flight is in doubt. That is held, and what comes behind it, until the broker has answered. A message that comes
 * back later is known by then. So of each own message either the position is known here, or it is the one in flight.
 *
 * <p>{@link #publish} is called by the inbound loop, {@link #offer} by any thread; neither blocks but for the broker.
 */
final class Echoes {
    private static final String NOBODY = ""; // no client's name
    private static final int MAX_AWAITED = 256; // a broker that is so far behind is as good as out of reach

    private record Awaited(String channel, Position position) {}

    private record Held(Position position, Frame frame) {}

    /** A call of the broker. */
    @FunctionalInterface
    interface Publication {
        Broker.Receipt execute() throws UnavailableException;
    }

    private final Consumer<Frame> queue;
    private final Runnable overflow;
    private final int maxHeldBytes;

    private final ReentrantLock lock = new ReentrantLock(); // guards all below; where a channel's is held, inside it
    private final ArrayDeque<Awaited> awaited = new ArrayDeque<>(0); // own ones to come, in the order of their offsets
    private final ArrayDeque<Held> held = new ArrayDeque<>(0);
    private long heldBytes;
    private String publishing = NOBODY; // the name under which a message is in flight, if one is

    /**
     * @param queue takes what is for the client; must not block
     * @param overflow is called when more would have to be held than may be; must not block
     */
    Echoes(Consumer<Frame> queue, Runnable overflow, int maxHeldBytes) {
        this.queue = queue;
        this.overflow = overflow;
        this.maxHeldBytes = maxHeldBytes;
    }

    /** Publishes. If it fails, nobody knows whether the message will come, and all stays in doubt until {@link #settle}. */
    Broker.Receipt publish(String channel, String sender, Publication publication) throws UnavailableException {
        lock.lock();
        try {
            if (awaited.size() == MAX_AWAITED) {
                throw new UnavailableException("own messages do not come back", null);
            }
            publishing = sender;
        } finally {
            lock.unlock();
        }
        Broker.Receipt receipt = publication.execute();
        lock.lock();
        try {
            boolean cameAlready = held.removeIf(one -> one.position.equals(receipt.position()));
            if (!cameAlready) {
                awaited.add(new Awaited(channel, receipt.position()));
            }
        } finally {
            lock.unlock();
        }
        settle();
        return receipt;
    }

    /** Nothing is in flight any more, or nobody will find out what became of it: what was held goes its way. */
    void settle() {
        lock.lock();
        try {
            publishing = NOBODY;
            held.forEach(one -> queue.accept(one.frame));
            held.clear();
            heldBytes = 0;
        } finally {
            lock.unlock();
        }
    }

    /** Queues a push for this client, unless its own message is what it tells. */
    void offer(Event.Push push, Frame frame) {
        lock.lock();
        try {
            Optional<Message> message =
                    push instanceof Event.Received received ? Optional.of(received.message()) : Optional.empty();
            if (message.isPresent() && cameBack(message.get())) {
                return;
            }
            boolean inDoubt = message.isPresent() && message.get().sender().equals(publishing);
            if (inDoubt || !held.isEmpty()) {
                hold(message.map(Message::position).orElse(Position.NONE), frame);
            } else {
                queue.accept(frame);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether this is one of the awaited. Those before it in its channel were lost, for offsets come in order. */
    private boolean cameBack(Message message) {
        Awaited it = new Awaited(message.channel(), message.position());
        if (!awaited.contains(it)) {
            return false;
        }
        boolean found = false;
        for (Iterator<Awaited> earlier = awaited.iterator(); !found; ) {
            Awaited own = earlier.next();
            found = own.equals(it);
            if (own.channel.equals(it.channel)) {
                earlier.remove();
            }
        }
        return true;
    }

    private void hold(Position position, Frame frame) {
        heldBytes += frame.length();
        if (heldBytes > maxHeldBytes) {
            held.clear();
            overflow.run();
        } else {
            held.add(new Held(position, frame));
        }
    }
}

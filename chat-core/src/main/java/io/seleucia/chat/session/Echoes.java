package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.transport.Frame;
import java.time.Duration;
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
 * <p>A position is known until nothing can come back for it: when it or a later one of its channel has come, or has been
 * lost, or the channel has been left. What still has not come back after {@value #PATIENCE_SECONDS} s is forgotten when
 * there is too much of it. Only what is published in a channel whose member the session is comes back at all.
 *
 * <p>{@link #publish} is called by the inbound loop, {@link #offer} by any thread; neither blocks but for the broker.
 */
final class Echoes {
    private static final int MAX_AWAITED = 256; // while a broker is so far behind, a publisher waits for it
    private static final int PATIENCE_SECONDS = 5;

    /** @param since when it was published, as {@link System#nanoTime} */
    private record Awaited(String channel, Position position, long since) {}

    private record Held(Position position, Optional<Frame> frame) {}

    /** A call of the broker. */
    @FunctionalInterface
    interface Publication {
        Broker.Receipt execute() throws UnavailableException;
    }

    private final Consumer<Frame> queue;
    private final Runnable overflow;
    private final int maxHeldBytes;
    private final long patienceNanos;

    private final ReentrantLock lock = new ReentrantLock(); // guards all below; where a channel's is held, inside it
    private final ArrayDeque<Awaited> awaited = new ArrayDeque<>(0); // own ones to come, in the order of their offsets
    private final ArrayDeque<Held> held = new ArrayDeque<>(0);
    private long heldBytes;
    private String publishing; // the name under which a message is in flight; null if none is

    /**
     * @param queue takes what is for the client; must not block
     * @param overflow is called when more would have to be held than may be; must not block
     */
    Echoes(Consumer<Frame> queue, Runnable overflow, int maxHeldBytes) {
        this(queue, overflow, maxHeldBytes, Duration.ofSeconds(PATIENCE_SECONDS));
    }

    /** The same with another time in which messages come back. */
    Echoes(Consumer<Frame> queue, Runnable overflow, int maxHeldBytes, Duration patience) {
        this.queue = queue;
        this.overflow = overflow;
        this.maxHeldBytes = maxHeldBytes;
        this.patienceNanos = patience.toNanos();
    }

    /**
     * Publishes in a channel of which the session is a member. If it fails, the message may come nevertheless,
     * and all stays in doubt until {@link #settle}.
     *
     * @throws UnavailableException also for a while if too many messages have not come back yet
     */
    Broker.Receipt publish(String channel, String sender, Publication publication) throws UnavailableException {
        lock.lock();
        try {
            if (awaited.size() == MAX_AWAITED) {
                if (System.nanoTime() - awaited.getFirst().since < patienceNanos) {
                    throw new UnavailableException("own messages do not come back", null);
                }
                awaited.removeFirst(); // should it come back after all, the client sees it
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
                awaited.add(new Awaited(channel, receipt.position(), System.nanoTime()));
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
            publishing = null;
            held.forEach(one -> one.frame.ifPresent(queue));
            held.clear();
            heldBytes = 0;
        } finally {
            lock.unlock();
        }
    }

    /** Notes that the session has left a channel, from which nothing comes any more. */
    void left(String channel) {
        lock.lock();
        try {
            awaited.removeIf(own -> own.channel.equals(channel));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Queues a push for this client, unless its own message is what it tells.
     *
     * @param frame empty if the client's protocol has no word for it
     */
    void offer(Event.Push push, Optional<Frame> frame) {
        lock.lock();
        try {
            Position position = Position.NONE;
            boolean inDoubt = false;
            switch (push) {
                case Event.Received received -> {
                    Message message = received.message();
                    position = message.position();
                    if (cameBack(message)) {
                        return;
                    }
                    inDoubt = message.sender().equals(publishing);
                }
                case Event.Lost lost -> forget(lost);
                default -> {} // nothing that was published
            }
            if (inDoubt || !held.isEmpty()) {
                hold(position, frame);
            } else {
                frame.ifPresent(queue);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether this is one of the awaited. Those up to it in its channel have come, or never will: offsets come in order. */
    private boolean cameBack(Message message) {
        if (awaited.isEmpty()) {
            return false;
        }
        boolean own = false;
        for (Iterator<Awaited> all = awaited.iterator(); all.hasNext(); ) {
            Awaited one = all.next();
            if (one.channel.equals(message.channel())
                    && one.position.sameEpoch(message.position())
                    && one.position.offset() <= message.position().offset()) {
                own |= one.position.offset() == message.position().offset();
                all.remove();
            }
        }
        return own;
    }

    /** What was lost does not come back, and the channel goes on in the epoch of the loss. */
    private void forget(Event.Lost lost) {
        awaited.removeIf(own -> own.channel.equals(lost.channel())
                && (!own.position.sameEpoch(lost.position())
                        || own.position.offset() <= lost.position().offset()));
    }

    private void hold(Position position, Optional<Frame> frame) {
        heldBytes += frame.isPresent() ? frame.get().length() : 1;
        if (heldBytes > maxHeldBytes) {
            held.clear();
            overflow.run();
        } else {
            held.add(new Held(position, frame));
        }
    }
}

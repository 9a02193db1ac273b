package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
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
 * The filter that keeps a session's own messages from it. Messages of other sessions with the same name pass.
 *
 * <p>A message is known by its position, which the broker returns to its publisher. It may come back before that. A session
 * publishes one message at a time, so only messages with its name that come while one is in flight are in doubt. Those are
 * held, and all pushes behind them, until the broker has answered. So of each own message either the position is known here,
 * or it is the one in flight.
 *
 * <p>A position is kept until its message, or a later one of its channel, has come or is lost, or the channel is left. One
 * that has not come back after 5 s is forgotten when there are too many. Only messages to channels
 * of which the session is a member come back at all.
 *
 * <p>{@link #publish} is called by the inbound loop, {@link #offer} by any thread; only the broker blocks.
 */
final class EchoFilter {
    private static final int MAX_AWAITED = 256; // if the broker is further behind, the publisher waits
    static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int HELD_BYTES = 64; // of a held push besides its frame

    /** @param since the time of its publication, as {@link System#nanoTime} */
    private record Awaited(String channel, Position position, long since) {}

    private record Held(Position position, Optional<Frame> frame) {}

    @FunctionalInterface
    interface Publication {
        Broker.Receipt execute() throws UnavailableException, ReferenceException;
    }

    private final Consumer<Frame> queue;
    private final Runnable overflow;
    private final int maxHeldBytes;
    private final MemoryBudget memory;
    private final long patienceNanos;

    private final ReentrantLock lock = new ReentrantLock(); // guards all below; taken inside a channel's lock
    private final ArrayDeque<Awaited> awaited = new ArrayDeque<>(0); // own messages to come, by offset
    private final ArrayDeque<Held> held = new ArrayDeque<>(0);
    private long heldBytes;
    private String publishing; // the sender's name while a message is in flight; else null

    /**
     * Creates a filter.
     *
     * @param queue takes the frames for the client; must not block
     * @param overflow is called if too much would have to be held; must not block
     * @param patience the time after which a message that has not come back may be forgotten
     */
    EchoFilter(Consumer<Frame> queue, Runnable overflow, int maxHeldBytes, MemoryBudget memory, Duration patience) {
        this.memory = memory;
        this.queue = queue;
        this.overflow = overflow;
        this.maxHeldBytes = maxHeldBytes;
        this.patienceNanos = patience.toNanos();
    }

    /**
     * Publishes in a channel of which the session is a member. If it fails, the message may come nevertheless, and stays in
     * doubt until {@link #settle}.
     *
     * @throws UnavailableException also for a while if too many messages have not come back yet
     */
    Broker.Receipt publish(String channel, String sender, Publication publication)
            throws UnavailableException, ReferenceException {
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
            boolean cameAlready = held.removeIf(one -> {
                boolean own = one.position.equals(receipt.position());
                if (own) {
                    release(one);
                }
                return own;
            });
            if (!cameAlready) {
                awaited.add(new Awaited(channel, receipt.position(), System.nanoTime()));
            }
        } finally {
            lock.unlock();
        }
        settle();
        return receipt;
    }

    /** Notes that no message is in flight, or that its position will remain unknown: queues the held pushes. */
    void settle() {
        lock.lock();
        try {
            publishing = null;
            held.forEach(one -> one.frame.ifPresent(queue));
            releaseAll();
        } finally {
            lock.unlock();
        }
    }

    void left(String channel) {
        lock.lock();
        try {
            awaited.removeIf(own -> own.channel.equals(channel));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Queues a push for the client, unless it is the client's own message.
     *
     * @param frame empty if the client's protocol does not express the push
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
                default -> {} // not a published message
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

    /** Returns whether a message is awaited. Forgets all up to it in its channel: offsets come in order. */
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

    /** Forgets lost messages, and those of other epochs: the channel goes on in the epoch of the loss. */
    private void forget(Event.Lost lost) {
        awaited.removeIf(own -> own.channel.equals(lost.channel())
                && (!own.position.sameEpoch(lost.position())
                        || own.position.offset() <= lost.position().offset()));
    }

    private void hold(Position position, Optional<Frame> frame) {
        heldBytes += frame.isPresent() ? frame.get().length() : 1;
        if (heldBytes > maxHeldBytes || memory.isFull()) {
            releaseAll();
            overflow.run();
        } else {
            frame.ifPresent(one -> one.hold(memory, Part.QUEUES));
            memory.charge(Part.QUEUES, HELD_BYTES);
            held.add(new Held(position, frame));
        }
    }

    private void releaseAll() {
        held.forEach(this::release);
        held.clear();
        heldBytes = 0;
    }

    private void release(Held one) {
        one.frame.ifPresent(frame -> frame.release(memory));
        memory.charge(Part.QUEUES, -HELD_BYTES);
    }
}

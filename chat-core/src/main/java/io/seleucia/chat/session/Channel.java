package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The members of a channel on this server. The broker calls {@link #message} and {@link #lost} one at a time and in
 * order; sessions join and leave from their inbound loops.
 *
 * <p>Joining, leaving and the fan-out of a message stand in one order: who joins after message n begins with n + 1, and
 * when leaving returns, nothing more of the channel reaches the session. So the lock is held for a whole fan-out, which
 * only offers to queues and blocks nowhere.
 */
final class Channel implements Broker.Listener {
    private static final long MAX_OPEN_SECONDS = 5; // more than any broker may take

    /** A session's place in a channel; nobody but the channel looks into it. */
    static final class Member {
        private final Channel channel;
        private final Session session;
        private int index; // in members

        private Member(Channel channel, Session session, int index) {
            this.channel = channel;
            this.session = session;
            this.index = index;
        }

        Channel channel() {
            return channel;
        }
    }

    private final String name;

    private final AtomicBoolean opening = new AtomicBoolean();
    private final CountDownLatch opened = new CountDownLatch(1);
    private volatile Broker.Subscription subscription; // one of these two is set when it has opened
    private volatile UnavailableException failure;

    private final ReentrantLock lock = new ReentrantLock(); // guards members and last
    private final ArrayList<Member> members = new ArrayList<>();
    private Position last; // null until something came from the broker

    int users; // sessions that are members or about to be; guarded by the map in Channels

    Channel(String name) {
        this.name = name;
    }

    String name() {
        return name;
    }

    /** Subscribes at the broker: the first session that comes does it, the others wait. */
    void open(Broker broker) throws UnavailableException {
        if (opening.compareAndSet(false, true)) {
            subscribe(broker);
        }
        try {
            if (!opened.await(MAX_OPEN_SECONDS, TimeUnit.SECONDS)) {
                throw new UnavailableException("the broker does not answer", null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while subscribing", e);
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void subscribe(Broker broker) {
        try {
            subscription = broker.subscribe(name, this);
        } catch (UnavailableException e) {
            failure = e;
        } catch (RuntimeException e) {
            failure = new UnavailableException("the broker failed", e);
            throw e;
        } finally {
            opened.countDown();
        }
    }

    /** Whether it will never open; the next session that wants it needs another. */
    boolean failed() {
        return failure != null;
    }

    /**
     * Adds a session to an open channel. It receives all messages from now on.
     *
     * @param before is given the position that the session begins after, before any message can reach it; runs under
     *     the lock and must not block; if it throws, nobody has joined
     */
    Member join(Session session, Consumer<Position> before) {
        lock.lock();
        try {
            before.accept(last == null ? subscription.start() : last);
            Member member = new Member(this, session, members.size());
            members.add(member);
            return member;
        } finally {
            lock.unlock();
        }
    }

    /** Removes a member. When this returns, no message of the channel reaches it any more. */
    void leave(Member member) {
        lock.lock();
        try {
            Member moved = members.removeLast();
            if (moved != member) {
                moved.index = member.index;
                members.set(member.index, moved);
            }
        } finally {
            lock.unlock();
        }
    }

    /** After the last session has left. */
    void close() {
        if (subscription != null) {
            subscription.close();
        }
    }

    @Override
    public void message(Message message) {
        fanOut(message.position(), new Event.Received(message));
    }

    @Override
    public void lost(Position position) {
        fanOut(position, new Event.Lost(name, position));
    }

    private void fanOut(Position position, Event.Push push) {
        lock.lock();
        try {
            if (!position.equals(Position.NONE)) {
                last = position;
            }
            Broadcast broadcast = new Broadcast(push);
            for (int i = 0; i < members.size(); i++) {
                members.get(i).session.send(broadcast);
            }
        } finally {
            lock.unlock();
        }
    }
}

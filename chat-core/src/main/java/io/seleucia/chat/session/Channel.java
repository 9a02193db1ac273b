package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Optional;
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
    private static final long MAX_OPEN_SECONDS = 12; // more than any broker may take
    private static final int MAX_RECENT = 8; // enough for a session that reads the history faster than it grows

    /** A session's place in a channel; nobody but the channel looks into it. */
    static final class Member {
        private final Channel channel;
        private final Session session;
        private final boolean presence; // whether it is told who comes and goes
        private Position known; // what it has been given up to, where that is ahead of the channel
        private int index; // in members

        private Member(Channel channel, Session session, boolean presence, Position known) {
            this.channel = channel;
            this.session = session;
            this.presence = presence;
            this.known = known;
        }

        Channel channel() {
            return channel;
        }

        private boolean knows(Position position) {
            return position.sameEpoch(known) && position.offset() <= known.offset();
        }
    }

    /** A message, or a loss, that was fanned out a moment ago. */
    private record Recent(Position position, Broadcast broadcast) {}

    private final String name;
    private final MessageSizes sizes;
    private final Counters counters;
    private final Observer observer;

    private final AtomicBoolean opening = new AtomicBoolean();
    private final CountDownLatch opened = new CountDownLatch(1);
    private volatile Broker.Subscription subscription; // one of these two is set when it has opened
    private volatile UnavailableException failure;

    private final ReentrantLock lock = new ReentrantLock(); // guards the three below
    private final ArrayList<Member> members = new ArrayList<>();
    private final ArrayDeque<Recent> recent = new ArrayDeque<>(1); // the newest, without gaps, up to last
    private Position last; // null until something came from the broker

    int users; // sessions that are members or about to be; guarded by the map in Channels

    Channel(String name, Observer observer, MessageSizes sizes, Counters counters) {
        this.name = name;
        this.observer = Names.isInbox(name) ? Observer.NOBODY : observer;
        this.sizes = sizes;
        this.counters = counters;
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
     * @param presence whether it is also told who comes and goes
     * @param before is given the position that the session begins after, before any message can reach it; runs under
     *     the lock and must not block; if it throws, nobody has joined
     */
    Member join(Session session, boolean presence, Consumer<Position> before) {
        lock.lock();
        try {
            before.accept(position());
            return add(session, presence, Position.NONE);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds a session that has missed nothing. It receives all messages from now on.
     *
     * @param before runs before any message can reach it, under the lock; must not block
     */
    Optional<Member> joinIfAt(Session session, boolean presence, Position known, Runnable before) {
        lock.lock();
        try {
            if (!position().equals(known)) {
                return Optional.empty();
            }
            before.run();
            return Optional.of(add(session, presence, known));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds a session that has read the history up to {@code known}, if what came since is at hand: then it is given
     * that, and all messages from now on. If not, it has to read on.
     *
     * @param before where the channel was before the history was read, if that ended with {@code known}: if it is still
     *     in that epoch, and {@code known} is another's, then it has yet to learn of it
     */
    Optional<Member> joinAt(Session session, boolean presence, Position known, Optional<Position> before) {
        lock.lock();
        try {
            Position now = position();
            boolean atHand = now.sameEpoch(known)
                    ? now.offset() <= known.offset() + recent.size()
                    : before.isPresent() && before.get().sameEpoch(now);
            if (!atHand) {
                return Optional.empty();
            }
            for (Recent one : recent) {
                if (one.position.sameEpoch(known) && one.position.offset() > known.offset()) {
                    session.send(one.broadcast);
                }
            }
            return Optional.of(add(session, presence, known));
        } finally {
            lock.unlock();
        }
    }

    /** Where an open channel is. */
    Position newest() {
        lock.lock();
        try {
            return position();
        } finally {
            lock.unlock();
        }
    }

    private Position position() {
        return last == null ? subscription.start() : last;
    }

    private Member add(Session session, boolean presence, Position known) {
        Member member = new Member(this, session, presence, known);
        member.index = members.size();
        members.add(member);
        if (members.size() == 1) {
            observer.occupied(name);
        }
        return member;
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
            if (members.isEmpty()) {
                observer.vacated(name);
            }
        } finally {
            lock.unlock();
        }
    }

    /** The number of members. */
    int size() {
        lock.lock();
        try {
            return members.size();
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
        fanOut(message.position(), new Event.Received(sizes.presentable(message)));
    }

    @Override
    public void lost(Position position) {
        fanOut(position, new Event.Lost(name, position));
    }

    @Override
    public void signal(Broker.Signal signal) {
        Broadcast broadcast = new Broadcast(
                new Event.SignalReceived(name, signal.sender(), sizes.presentable(signal.sender(), signal.content())));
        forEach(member -> {
            if (!member.session.participant().id().equals(signal.origin())) {
                member.session.sendIfIdle(broadcast);
            }
        });
    }

    @Override
    public void joined(String client) {
        tellOthers(client, new Event.Joined(name, client));
    }

    @Override
    public void left(String client) {
        tellOthers(client, new Event.Left(name, client));
    }

    private void tellOthers(String client, Event.Push push) {
        Broadcast broadcast = new Broadcast(push);
        forEach(member -> {
            if (member.presence && !member.session.participant().isCalled(client)) {
                member.session.send(broadcast);
            }
        });
    }

    private void forEach(Consumer<Member> what) {
        lock.lock();
        try {
            members.forEach(what);
        } finally {
            lock.unlock();
        }
    }

    private void fanOut(Position position, Event.Push push) {
        Broadcast broadcast = new Broadcast(push);
        boolean numbered = !position.equals(Position.NONE);
        lock.lock();
        try {
            if (numbered) {
                remember(position, push, broadcast);
            }
            int told = 0;
            for (int i = 0; i < members.size(); i++) {
                Member member = members.get(i);
                if (!numbered || !member.knows(position)) {
                    member.session.send(broadcast);
                    told++;
                }
            }
            if (push instanceof Event.Received) {
                counters.add(Counters.Count.DELIVERED, told);
            }
        } finally {
            lock.unlock();
        }
    }

    private void remember(Position position, Event.Push push, Broadcast broadcast) {
        last = position;
        if (push instanceof Event.Lost) {
            recent.clear(); // what follows has a gap before it
            return;
        }
        recent.addLast(new Recent(position, broadcast));
        if (recent.size() > MAX_RECENT) {
            recent.removeFirst();
        }
    }
}

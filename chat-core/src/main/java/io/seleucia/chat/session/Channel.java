package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.time.Duration;
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
    private static final Logger LOG = System.getLogger(Channel.class.getName());
    private static final long MAX_OPEN_SECONDS = 12; // more than any broker may take
    private static final int MAX_RECENT = 8; // enough for a session that reads the history faster than it grows
    private static final Duration SETTLING = Duration.ofMinutes(2);
    private static final int GONE = -1;

    /** A session's place in a channel; nobody but the channel looks into it. */
    static final class Member {
        private final Channel channel;
        private final Session session;
        private final boolean presence; // whether it is told who comes and goes
        private Ahead ahead; // null where the member is where the channel is
        private int index; // in members, or GONE

        private Member(Channel channel, Session session, boolean presence, Ahead ahead) {
            this.channel = channel;
            this.session = session;
            this.presence = presence;
            this.ahead = ahead;
        }

        Channel channel() {
            return channel;
        }

        /** Returns whether the member is to be told of what stands at a position, which it may have read already. */
        private boolean takes(Position position) {
            if (ahead == null) {
                return true;
            }
            if (position.sameEpoch(ahead.left)) {
                if (System.nanoTime() - ahead.since > channel.settlingNanos) {
                    session.loops().end(CloseCode.TRY_LATER, true); // no broker is so late; it comes back, and is told
                }
                return false;
            }
            if (position.sameEpoch(ahead.known) && position.offset() <= ahead.known.offset()) {
                if (ahead.left != Position.NONE) {
                    ahead = new Ahead(ahead.known, Position.NONE, ahead.since); // the channel has learned of the epoch
                }
                return false;
            }
            ahead = null;
            return true;
        }
    }

    /**
     * How far a member has read the history beyond where the channel is, which is told it by the broker later.
     *
     * @param known the position up to which it has read
     * @param left in the epoch that the channel is in and the history is not any more; of no epoch if both are in one
     * @param since when it had read that, as {@link System#nanoTime}
     */
    private record Ahead(Position known, Position left, long since) {}

    /** A message that was fanned out a moment ago. */
    private record Recent(Position position, Broadcast broadcast) {}

    private final String name;
    private final MessageSizes sizes;
    private final Counters counters;
    private final Observer observer;
    private final long settlingNanos;

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
        this(name, observer, sizes, counters, SETTLING);
    }

    /** @param settling the longest time that the broker takes to learn of an epoch that the history is in */
    Channel(String name, Observer observer, MessageSizes sizes, Counters counters, Duration settling) {
        this.name = name;
        this.settlingNanos = settling.toNanos();
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
        } catch (RuntimeException | Error e) {
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
            Member member = new Member(this, session, presence, null);
            before.accept(position());
            add(member);
            return member;
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
            Optional<Member> member = Optional.of(new Member(this, session, presence, null));
            before.run();
            add(member.get());
            return member;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds a session that has read the history to its end, if what came since is at hand: then it is given that, and all
     * messages from now on. If not, it has to read on.
     *
     * <p>What came since was published after the history was read. So no deletion that was done by then concerns it, and
     * a session is never given from memory what the history that it has read did not hold.
     *
     * @param end the newest position when the history was read
     * @param before where the channel was before the history was read: if it is still in that epoch, and {@code end} is
     *     in another, then it has yet to learn of that one
     */
    Optional<Member> joinAt(Session session, boolean presence, Position end, Position before) {
        lock.lock();
        try {
            Position now = position();
            boolean sameEpoch = now.sameEpoch(end);
            boolean atHand = sameEpoch ? now.offset() <= end.offset() + recent.size() : before.sameEpoch(now);
            if (!atHand) {
                return Optional.empty();
            }
            for (Recent one : recent) {
                if (sameEpoch && one.position.offset() > end.offset()) {
                    session.send(one.broadcast);
                }
            }
            boolean ahead = !sameEpoch || end.offset() > now.offset();
            Position left = sameEpoch ? Position.NONE : now;
            Ahead start = ahead ? new Ahead(end, left, System.nanoTime()) : null;
            Optional<Member> member = Optional.of(new Member(this, session, presence, start));
            add(member.get());
            return member;
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

    /** Adds a member, or throws and adds none: one that its session does not know of would never leave. */
    private void add(Member member) {
        member.index = members.size();
        members.add(member);
        boolean added = false;
        try {
            if (members.size() == 1) {
                observer.occupied(name);
            }
            added = true;
        } finally {
            if (!added) {
                members.removeLast();
            }
        }
    }

    /**
     * Removes a member. When this returns, no message of the channel reaches it any more. Returns whether it was one until
     * now; a second call has no effect.
     */
    boolean leave(Member member) {
        lock.lock();
        try {
            if (member.index == GONE) {
                return false;
            }
            Member moved = members.removeLast();
            if (moved != member) {
                moved.index = member.index;
                members.set(member.index, moved);
            }
            member.index = GONE;
            if (members.isEmpty()) {
                observer.vacated(name);
            }
            return true;
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
        try {
            fanOut(message.position(), new Event.Received(sizes.presentable(message)));
        } catch (Throwable e) {
            missed(message.position(), e);
        }
    }

    @Override
    public void lost(Position position) {
        try {
            fanOut(position, new Event.Lost(name, position));
        } catch (Throwable e) {
            missed(position, e);
        }
    }

    /**
     * Ends all members, for a push could not be fanned out, though no member's own queue or protocol has failed (see
     * {@link Session#send}). They come back, and read from the history what they have missed here.
     */
    private void missed(Position position, Throwable why) {
        lock.lock();
        try {
            if (!position.equals(Position.NONE)) {
                last = position;
            }
            recent.clear(); // what is to be read has a gap here
            members.forEach(member -> member.session.loops().end(CloseCode.INTERNAL_ERROR, true));
        } finally {
            lock.unlock();
        }
        Loop.report(LOG, "telling the members of " + name, why);
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
        try {
            Broadcast broadcast = new Broadcast(push);
            forEach(member -> {
                if (member.presence && !member.session.participant().isCalled(client)) {
                    member.session.send(broadcast);
                }
            });
        } catch (Throwable e) {
            missed(Position.NONE, e); // who is present would be wrong for good
        }
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
                if (!numbered || member.takes(position)) {
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
        boolean follows = last != null && position.sameEpoch(last) && position.offset() == last.offset() + 1;
        last = position;
        if (push instanceof Event.Lost || !follows) {
            recent.clear(); // those before it have a gap behind them
        }
        if (push instanceof Event.Received) {
            recent.addLast(new Recent(position, broadcast));
            if (recent.size() > MAX_RECENT) {
                recent.removeFirst();
            }
        }
    }
}

package io.seleucia.chat.channel;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.metrics.Counters;
import io.seleucia.chat.options.ChannelOptions;
import io.seleucia.chat.options.ChannelRules;
import io.seleucia.chat.options.CurrentOptions;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future.State;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The members of a channel on this server. The broker calls {@link #message} and {@link #lost} one at a time and in
 * order; sessions join and leave from their inbound loops.
 *
 * <p>Joining, leaving and the fan-out of a message have one order: a session that joins after message n begins with n + 1,
 * and once it has left, nothing more of the channel reaches it. So the lock is held for a whole fan-out, which only offers
 * to queues and never blocks.
 */
public final class Channel implements Broker.Listener {
    private static final Logger LOG = System.getLogger(Channel.class.getName());
    private static final long MAX_OPEN_SECONDS = 12; // more than any broker may take
    static final Duration SETTLING = Duration.ofMinutes(2);
    private static final int GONE = -1;
    private static final int MEMBER_BYTES = 80; // with its places in lists

    /** A session's place in a channel. */
    public static final class Membership {
        private static final AtomicReferenceFieldUpdater<Membership, Sender> COUNTED =
                AtomicReferenceFieldUpdater.newUpdater(Membership.class, Sender.class, "counted");

        private final Channel channel;
        private final Subscriber subscriber;
        private final Command.Interest interest;
        private final boolean counts; // as a member, and not as a reader only
        private Ahead ahead; // null unless the member has read beyond the channel
        private int index; // in members, or GONE
        private volatile Sender counted; // the client that the broker counts it for; null if it does not

        private Membership(Channel channel, Subscriber subscriber, Command.Interest interest, Ahead ahead) {
            this.channel = channel;
            this.subscriber = subscriber;
            this.interest = interest;
            this.counts = subscriber.countsAsMember();
            this.ahead = ahead;
        }

        public Channel channel() {
            return channel;
        }

        /** Returns what the member is told of besides messages. */
        public Command.Interest interest() {
            return interest;
        }

        /** Notes that the broker counts the member for a client. Called by the inbound loop. */
        public void countAs(Sender client) {
            counted = client;
        }

        /** Notes that the broker no longer counts the member. Returns the client for which it was counted. */
        public Optional<Sender> uncount() {
            return Optional.ofNullable(COUNTED.getAndSet(this, null));
        }

        /** Returns whether the member must be sent the message at a position, which it may have read already. */
        private boolean takes(Position position) {
            if (ahead == null) {
                return true;
            }
            if (position.sameEpoch(ahead.left)) {
                if (System.nanoTime() - ahead.since > channel.settlingNanos) {
                    subscriber.end(CloseCode.TRY_LATER); // no broker is so late; the client comes back, and is told
                }
                return false;
            }
            if (position.sameEpoch(ahead.known) && position.offset() <= ahead.known.offset()) {
                if (ahead.left != Position.NONE) {
                    ahead = new Ahead(ahead.known, Position.NONE, ahead.since); // the channel is in the new epoch now
                }
                return false;
            }
            ahead = null;
            return true;
        }
    }

    /**
     * The lead of a member that has read the history beyond the channel's position. The broker delivers the same later.
     *
     * @param known the position up to which the member has read
     * @param left a position of the channel's epoch if the history has left that; else {@code NONE}
     * @param since when the member had read that, as {@link System#nanoTime}
     */
    private record Ahead(Position known, Position left, long since) {}

    /** The options that follow from rules. */
    private record Ruled(ChannelRules rules, ChannelOptions options) {
        private static final Ruled BY_NONE = new Ruled(ChannelRules.NONE, ChannelOptions.DEFAULT);
    }

    private final String name;
    private final CurrentOptions currentOptions;
    private volatile Ruled ruled = Ruled.BY_NONE;
    private final MessageSizes sizes;
    private final Counters counters;
    private final ChannelObserver observer;
    private final MemoryBudget memory;
    private final long settlingNanos;

    private final FutureTask<Broker.Subscription> opening;
    private volatile Thread opener; // while it opens the channel, and after it has failed

    private final ReentrantLock lock = new ReentrantLock(); // guards all below
    private final ArrayList<Membership> members = new ArrayList<>();
    private int counted; // of the members, those that count as such
    private final RecentBroadcasts recent;
    private final Deletions deletions = new Deletions(lock);
    private final List<Arrivals> arrivals = new ArrayList<>(0); // of sessions that count before they join
    private Position last; // null until something came from the broker
    private Optional<ChannelInfo> info = Optional.empty(); // the description, unless it was removed

    /** @param settling the longest time until the broker learns of the epoch that the history is in */
    public Channel(
            String name,
            Broker broker,
            ChannelObserver observer,
            MessageSizes sizes,
            Counters counters,
            MemoryBudget memory,
            CurrentOptions options,
            Duration settling) {
        this.name = name;
        this.currentOptions = options;
        this.memory = memory;
        this.settlingNanos = settling.toNanos();
        this.observer = Names.isInbox(name) ? ChannelObserver.NONE : observer;
        this.sizes = sizes;
        this.counters = counters;
        this.recent = new RecentBroadcasts(memory);
        this.opening = new FutureTask<>(() -> {
            opener = Thread.currentThread();
            Broker.Subscription opened = broker.subscribe(name, this);
            opener = null;
            return opened;
        });
    }

    public String name() {
        return name;
    }

    /** Returns the channel's options now. They are looked up once for each change of the rules. */
    public ChannelOptions options() {
        ChannelRules rules = currentOptions.rules();
        Ruled known = ruled;
        if (known.rules != rules) {
            known = new Ruled(rules, rules.of(name));
            ruled = known;
        }
        return known.options;
    }

    /** Subscribes at the broker, unless it was called before. Blocks until the channel is open. */
    public void open() throws UnavailableException {
        opening.run();
        try {
            opening.get(MAX_OPEN_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new UnavailableException("the broker does not answer", null);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while subscribing", e);
        } catch (ExecutionException e) {
            throw failure(e.getCause());
        }
    }

    /** Throws a bug of the broker to the thread that met it, and returns a failure for all who wait with it. */
    private UnavailableException failure(Throwable why) {
        boolean mine = opener == Thread.currentThread();
        if (mine && why instanceof RuntimeException bug) {
            throw bug;
        } else if (mine && why instanceof Error error) {
            throw error;
        }
        return why instanceof UnavailableException unavailable
                ? unavailable
                : new UnavailableException("the broker failed", why);
    }

    /** Returns whether the channel will never open; the next session needs another one. */
    boolean failed() {
        return opening.state() == State.FAILED;
    }

    /**
     * Adds a session to an open channel. It receives all messages from now on.
     *
     * @param interest what else it is told of
     * @param before is given the position after which the session begins, before any message can reach it; runs under the
     *     lock and must not block; if it throws, the session has not joined
     */
    Membership join(Subscriber subscriber, Command.Interest interest, Consumer<Position> before) {
        lock.lock();
        try {
            Membership member = new Membership(this, subscriber, interest, null);
            before.accept(position());
            add(member);
            return member;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds a session to an open channel, as {@link #join} does, whose client has been told how much is unread.
     *
     * @param since what has arrived since the broker has counted that
     * @param outdated whether to add the session even if the broker must count again
     * @return empty, and then nothing has happened, if the broker must count again
     */
    Optional<Membership> joinCounted(
            Subscriber subscriber,
            Command.Interest interest,
            Arrivals since,
            boolean outdated,
            Consumer<Position> before) {
        lock.lock();
        try {
            return since.areOutdated() && !outdated
                    ? Optional.empty()
                    : Optional.of(join(subscriber, interest, before));
        } finally {
            lock.unlock();
        }
    }

    /** Begins to count the messages that arrive from now on for a client that is about to join, until {@link #endCount}. */
    Arrivals beginCount(Sender client) {
        lock.lock();
        try {
            Arrivals begun = new Arrivals(client, position());
            arrivals.add(begun);
            return begun;
        } finally {
            lock.unlock();
        }
    }

    void endCount(Arrivals counted) {
        lock.lock();
        try {
            arrivals.remove(counted);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds a session that has missed nothing. It receives all messages from now on.
     *
     * @param before runs before any message can reach it, under the lock; must not block
     */
    Optional<Membership> joinIfAt(Subscriber subscriber, Command.Interest interest, Position known, Runnable before) {
        lock.lock();
        try {
            if (!position().equals(known)) {
                return Optional.empty();
            }
            Optional<Membership> member = Optional.of(new Membership(this, subscriber, interest, null));
            before.run();
            add(member.get());
            return member;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds a session that has read the history to its end, if the messages since then are recent ones: then it is sent those,
     * and all messages from now on. If not, it has to read on.
     *
     * <p>Those messages were published after the history was read. So a deletion that was done by then concerns none of them,
     * and those that were deleted since then are not among the recent ones any more.
     *
     * @param told the description that the session has been told of; it is sent another one, if there is one by now
     * @param end the newest position when the history was read
     * @param before the channel's position before the history was read: if the channel is still in that epoch, and {@code
     *     end} is in another, then the channel has yet to learn of that one
     */
    public Optional<Membership> joinAt(
            Subscriber subscriber,
            Command.Interest interest,
            Optional<ChannelInfo> told,
            Position end,
            Position before) {
        lock.lock();
        try {
            Position now = position();
            boolean sameEpoch = now.sameEpoch(end);
            boolean atHand = sameEpoch ? now.offset() <= end.offset() + recent.size() : before.sameEpoch(now);
            if (!atHand) {
                return Optional.empty();
            }
            sendInfoUnless(told, subscriber);
            if (sameEpoch) {
                recent.sendAfter(end.offset(), subscriber);
            }
            boolean ahead = !sameEpoch || end.offset() > now.offset();
            Position left = sameEpoch ? Position.NONE : now;
            Ahead start = ahead ? new Ahead(end, left, System.nanoTime()) : null;
            Optional<Membership> member = Optional.of(new Membership(this, subscriber, interest, start));
            add(member.get());
            return member;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the channel's description, if it has one. */
    Optional<ChannelInfo> info() {
        lock.lock();
        try {
            return info;
        } finally {
            lock.unlock();
        }
    }

    /** Sends a session the channel's description, unless it is the one that the session knows. Called with the lock. */
    void sendInfoUnless(Optional<ChannelInfo> told, Subscriber subscriber) {
        if (!info.equals(told)) {
            ChannelInfo now = info.orElseGet(() -> new ChannelInfo(
                    Optional.empty(), told.get().by(), told.get().time())); // the change is forgotten
            subscriber.send(new Broadcast(new Event.Described(name, now)));
        }
    }

    /**
     * Runs a step that hands out messages, unless one of them may have been deleted since a mark of {@link #deletions}. Deletions
     * are told before the step or behind it, so that no session receives a content after it was told that this is gone.
     *
     * @param step must not block
     * @return what the step returns; false if it has not run
     */
    boolean unlessDeleted(List<FoldedMessage> messages, long mark, BooleanSupplier step) {
        lock.lock();
        try {
            for (FoldedMessage message : messages) {
                if (!(message.message().content() instanceof Content.None) && deletions.concern(message, mark)) {
                    return false;
                }
            }
            return step.getAsBoolean();
        } finally {
            lock.unlock();
        }
    }

    /** Returns the deletions that were delivered. */
    Deletions deletions() {
        return deletions;
    }

    /** Returns the last position of an open channel. */
    public Position newest() {
        lock.lock();
        try {
            return position();
        } finally {
            lock.unlock();
        }
    }

    private Position position() {
        return last == null ? opening.resultNow().start() : last;
    }

    /** Adds a member, or throws and adds none: one that its session does not know would never leave. */
    private void add(Membership member) {
        member.index = members.size();
        members.add(member);
        counted += member.counts ? 1 : 0;
        try {
            if (member.counts && counted == 1) {
                observer.occupied(name);
            }
            memory.charge(Part.CHANNELS, MEMBER_BYTES);
        } catch (Throwable e) {
            members.removeLast();
            counted -= member.counts ? 1 : 0;
            throw e;
        }
    }

    /**
     * Removes a member. After this returns, no message of the channel reaches it. Returns whether it was a member until now.
     */
    boolean leave(Membership member) {
        lock.lock();
        try {
            if (member.index == GONE) {
                return false;
            }
            Membership moved = members.removeLast();
            if (moved != member) {
                moved.index = member.index;
                members.set(member.index, moved);
            }
            member.index = GONE;
            memory.charge(Part.CHANNELS, -MEMBER_BYTES);
            counted -= member.counts ? 1 : 0;
            if (member.counts && counted == 0) {
                observer.vacated(name);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the number of members, without readers. */
    int size() {
        lock.lock();
        try {
            return counted;
        } finally {
            lock.unlock();
        }
    }

    /** Closes the channel, after the last session has left. */
    void close() {
        if (opening.state() == State.SUCCESS) {
            opening.resultNow().close();
        }
        lock.lock();
        try {
            recent.close();
        } finally {
            lock.unlock();
        }
    }

    /** Forgets the recent messages, for lack of memory: members that come back read more of the history instead. */
    void forgetRecent() {
        lock.lock();
        try {
            recent.clear();
        } finally {
            lock.unlock();
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
            fanOut(position, new Event.Lost(Names.shown(name), position));
        } catch (Throwable e) {
            missed(position, e);
        }
    }

    @Override
    public void erased() {
        lock.lock();
        try {
            recent.clear(); // members that come back read the history instead
            deletions.noteAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends all members, because the fan-out of a push failed, for another reason than a member's queue or protocol (see {@link
     * Subscriber#send}). Their clients come back, and read from the history what they have missed.
     */
    private void missed(Position position, Throwable why) {
        lock.lock();
        try {
            if (!position.equals(Position.NONE)) {
                last = position;
            }
            recent.clear(); // there is a gap now
            arrivals.forEach(counting -> counting.note(position, new Event.Lost(name, position)));
            deletions.noteAll(); // it may have been one
            members.forEach(member -> member.subscriber.end(CloseCode.INTERNAL_ERROR));
        } finally {
            lock.unlock();
        }
        Loop.report(LOG, "telling the members of " + name, why);
    }

    @Override
    public void signal(Broker.Signal signal) {
        Broadcast broadcast = new Broadcast(new Event.SignalReceived(
                name,
                signal.sender().name(),
                signal.sender().guest(),
                sizes.presentable(signal.sender().name(), signal.content())));
        forEach(member -> {
            if (!member.subscriber.id().equals(signal.origin())) {
                member.subscriber.sendIfIdle(broadcast);
            }
        });
    }

    @Override
    public void described(ChannelInfo next) {
        try {
            Broadcast broadcast = new Broadcast(new Event.Described(name, next));
            lock.lock();
            try {
                info = Optional.of(next).filter(known -> known.json().isPresent());
                members.forEach(member -> member.subscriber.send(broadcast));
            } finally {
                lock.unlock();
            }
        } catch (Throwable e) {
            missed(Position.NONE, e); // else the clients would keep an outdated description
        }
    }

    @Override
    public void joined(Sender client) {
        tellOthers(client, new Event.Joined(name, client.name(), client.guest()));
    }

    @Override
    public void left(Sender client) {
        tellOthers(client, new Event.Left(name, client.name(), client.guest()));
    }

    private void tellOthers(Sender client, Event.Push push) {
        if (!options().joins()) {
            return;
        }
        try {
            Broadcast broadcast = new Broadcast(push);
            forEach(member -> {
                if (member.interest.presence() && !member.subscriber.isCalled(client.name())) {
                    member.subscriber.send(broadcast);
                }
            });
        } catch (Throwable e) {
            missed(Position.NONE, e); // the clients' lists of members would stay wrong
        }
    }

    /**
     * Tells the other sessions of a client how far it has read, and other members if both want receipts. As there may be very
     * many receipts, those of members for whom much waits are dropped, like signals.
     */
    @Override
    public void read(Broker.Reader reader, ReadMark mark) {
        Sender client = reader.client();
        Broadcast own = new Broadcast(new Event.Read(name, mark));
        Broadcast receipt = new Broadcast(new Event.ReadReceipt(name, client.name(), client.guest(), mark.offset()));
        lock.lock();
        try {
            arrivals.forEach(counting -> counting.noteRead(client));
            for (Membership member : members) {
                Subscriber to = member.subscriber;
                if (to.isCalled(client.name()) && to.sender().equals(client)) {
                    if (!to.id().equals(reader.session())) {
                        to.send(own);
                    }
                } else if (reader.receipts() && member.interest.receipts()) {
                    to.sendIfIdle(receipt);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void forEach(Consumer<Membership> what) {
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
                for (int i = 0; i < arrivals.size(); i++) {
                    arrivals.get(i).note(position, push);
                }
                remember(position, push, broadcast);
            }
            int told = 0;
            for (int i = 0; i < members.size(); i++) {
                Membership member = members.get(i);
                if (!numbered || member.takes(position)) {
                    member.subscriber.send(broadcast);
                    told++;
                }
            }
            if (push instanceof Event.Received) {
                if (numbered) {
                    recent.hold(broadcast);
                }
                counters.add(Counters.Count.DELIVERED, told);
            }
        } finally {
            lock.unlock();
        }
    }

    private void remember(Position position, Event.Push push, Broadcast broadcast) {
        boolean isOpen = last != null || opening.state() == State.SUCCESS;
        boolean sameEpoch = isOpen && position.sameEpoch(position());
        boolean follows = sameEpoch && position.offset() == position().offset() + 1;
        last = position;
        if (push instanceof Event.Lost || !follows) {
            recent.clear(); // there is a gap behind them
        }
        if (push instanceof Event.Lost && sameEpoch) {
            deletions.noteAll(); // by an operator, perhaps
        }
        if (push instanceof Event.Received received) {
            Message message = received.message();
            if (message.attributes().isDeletion()) {
                long target = message.attributes().ref().orElseThrow().offset();
                recent.forgetContentOf(target);
                deletions.note(target);
            }
            recent.add(message, broadcast);
        }
    }
}

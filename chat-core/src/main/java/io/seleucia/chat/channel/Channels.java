package io.seleucia.chat.channel;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Gate;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.concurrent.RefCountedMap;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Command;
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
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.ObjIntConsumer;

/**
 * The channels that have members on this server, each with one subscription at the broker. Called by inbound loops, and
 * {@link #leave} by any thread; blocks only where the broker does.
 */
public final class Channels {
    private static final Logger LOG = System.getLogger(Channels.class.getName());
    private static final int CHANNEL_BYTES = 500; // one without members
    private static final int CACHED_ANNOTATIONS = 20; // among the newest messages, at most
    private static final int RECENT_SHARE =
            20; // this part of the budget may hold recent messages even if memory is short

    private static final int COUNTS = 3; // of what is unread, while messages are being deleted

    private final Broker broker;
    private final CoalescingHistoryReader histories;
    private final MessageSizes sizes;
    private final ChannelObserver observer;
    private final Counters counters;
    private final int maxChannels;
    private final MemoryBudget memory;
    private final CurrentOptions options;
    private final RefCountedMap<String, Channel> channels = new RefCountedMap<>();

    /**
     * Creates channels of a broker, which its owner closes.
     *
     * @param maxChannels the number of channels, with inboxes, from which on {@link #areFull}
     */
    public Channels(
            Broker broker,
            ChannelObserver observer,
            MessageSizes sizes,
            Counters counters,
            int maxChannels,
            MemoryBudget memory,
            CurrentOptions options) {
        this.broker = broker;
        this.options = options;
        this.memory = memory;
        this.histories = new CoalescingHistoryReader(broker, memory);
        this.observer = observer;
        this.sizes = sizes;
        this.counters = counters;
        this.maxChannels = maxChannels;
    }

    /** Returns whether no further channel should begin, as far as the broker knows their number. */
    public boolean areFull() {
        return broker.channels().orElse(channels.size()) >= maxChannels;
    }

    /** Returns whether a channel has sessions on this server. */
    public boolean has(String name) {
        return channels.get(name).isPresent();
    }

    /** Returns the options of a channel now, which may have no members. */
    public ChannelOptions options(String channel) {
        ChannelRules rules = options.rules();
        return rules == ChannelRules.NONE
                ? ChannelOptions.DEFAULT
                : channels.get(channel).map(Channel::options).orElseGet(() -> rules.of(channel));
    }

    /** Returns the bounds of messages. */
    public MessageSizes sizes() {
        return sizes;
    }

    /** The beginning of a session in a channel. */
    @FunctionalInterface
    public interface Beginning {
        /**
         * Receives where the session begins. Must not block.
         *
         * @param info the channel's description, if it has one
         * @param read how far the client has read, and how many messages after that it has not, of those up to where the session
         *     begins; empty unless the session is interested
         */
        void begin(Event.Recovery recovery, Optional<ChannelInfo> info, Optional<ReadMark> read);

        /**
         * Returns how far the client has read, and how many messages after that it has not, of those up to an offset. Blocks.
         * Called if the session is interested.
         */
        default ReadMark readMark(long end) throws UnavailableException {
            throw new UnsupportedOperationException("the session is not interested");
        }

        /** Returns whether a subscription with a position is one of a client that has missed something. */
        default boolean isRecovery() {
            return true;
        }
    }

    /**
     * Makes a session a member of a channel. With a position, it is first sent the history since then, however long that
     * takes; else it begins with the next message.
     *
     * @param begin is given the position at which the session begins, before any message can reach it; must not block
     * @param mayRead returns whether the session may still read the history; asked before each message, and may block
     */
    public Channel.Membership join(
            Subscriber subscriber,
            String name,
            Optional<Position> since,
            Command.Interest interest,
            Beginning begin,
            BooleanSupplier mayRead)
            throws UnavailableException {
        Channel channel = acquire(name);
        Sender client = subscriber.sender();
        boolean counted = false;
        try {
            channel.open();
            if (subscriber.countsAsMember() && !Names.isInbox(name)) { // an inbox counts those that bear its name
                broker.join(name, client);
                counted = true;
            }
            Channel.Membership member = since.isPresent()
                    ? recover(subscriber, channel, since.get(), interest, begin, mayRead)
                    : joinNow(subscriber, channel, interest, begin, Optional.empty());
            if (counted) {
                member.countAs(client);
            }
            return member;
        } catch (Throwable e) {
            try {
                release(channel);
            } finally {
                if (counted) {
                    broker.leave(name, client);
                }
            }
            throw e;
        }
    }

    /**
     * Returns the position behind which a channel's newest messages are, with what refers to them; empty if there are none.
     *
     * @param count the number of messages, not counting annotations and deleted ones
     */
    public Optional<Position> beforeNewest(String channel, int count) throws UnavailableException {
        List<Message> page = broker.historyBefore(channel, Long.MAX_VALUE, count + CACHED_ANNOTATIONS)
                .messages();
        PageMemory held = new PageMemory(memory, page);
        try {
            return beforeNewest(page, count);
        } finally {
            held.close();
        }
    }

    private static Optional<Position> beforeNewest(List<Message> page, int count) {
        Optional<Position> before = Optional.empty();
        int found = 0;
        for (int i = page.size() - 1; i >= 0 && found < count; i--) {
            Message message = page.get(i);
            if (!message.attributes().isAnnotation() && !message.isDeleted()) {
                Position position = message.position();
                before = Optional.of(position.at(position.offset() - 1));
                found++;
            }
        }
        return before;
    }

    /**
     * Adds a session that begins with the next message. If it is to be told how much is unread, the broker counts up to a position
     * of the channel, and the channel counts what arrives after that until the session has joined.
     */
    private static Channel.Membership joinNow(
            Subscriber subscriber,
            Channel channel,
            Command.Interest interest,
            Beginning begin,
            Optional<Boolean> recovered)
            throws UnavailableException {
        if (!interest.read()) {
            return channel.join(
                    subscriber,
                    interest,
                    position -> begin.begin(new Event.Recovery(position, recovered), channel.info(), Optional.empty()));
        }
        Optional<Channel.Membership> member = Optional.empty();
        for (int i = 1; member.isEmpty(); i++) {
            Arrivals since = channel.beginCount(subscriber.sender());
            try {
                ReadMark counted = begin.readMark(since.start());
                member = channel.joinCounted(
                        subscriber,
                        interest,
                        since,
                        i >= COUNTS,
                        position -> begin.begin(
                                new Event.Recovery(position, recovered),
                                channel.info(),
                                Optional.of(since.addedTo(counted))));
            } finally {
                channel.endCount(since);
            }
        }
        return member.get();
    }

    private Channel acquire(String name) {
        return channels.acquire(name, key -> {
            Channel created = new Channel(key, broker, observer, sizes, counters, memory, options, Channel.SETTLING);
            memory.charge(Part.CHANNELS, CHANNEL_BYTES + Sizes.ofText(key));
            return created;
        });
    }

    /** Begins to read the history of a channel, which stays open until the result is closed. Blocks as the broker does. */
    public HistoryReading read(String name) throws UnavailableException {
        Channel channel = acquire(name);
        try {
            channel.open();
            return new HistoryReading(channel, () -> release(channel));
        } catch (Throwable e) {
            release(channel);
            throw e;
        }
    }

    /**
     * Sends a session the history from its position to the end, until the messages since then are the recent ones of the
     * channel; nothing if it has missed nothing. Live messages are not kept aside meanwhile: they are in the history as
     * well, and are read in their turn. Each page is read after the session has asked, so that it holds nothing that had
     * been deleted by then.
     */
    private Channel.Membership recover(
            Subscriber subscriber,
            Channel channel,
            Position since,
            Command.Interest interest,
            Beginning begin,
            BooleanSupplier mayRead)
            throws UnavailableException {
        Optional<ReadMark> read = Optional.empty();
        if (interest.read() && channel.newest().equals(since)) {
            read = Optional.of(begin.readMark(since.offset()));
        }
        Optional<ReadMark> readThere = read;
        Optional<Channel.Membership> current = channel.joinIfAt(subscriber, interest, since, () -> {
            begin.begin(new Event.Recovery(since, Optional.of(true)), channel.info(), readThere);
            count(begin, Counters.Count.RECOVERED); // before it is a member: a failure here leaves none behind
        });
        if (current.isPresent()) {
            return current.get();
        }
        Position known;
        Position end;
        Position before;
        Optional<ChannelInfo> told = channel.info();
        CoalescingHistoryReader.Read first = histories.after(channel, since.offset());
        try (first) {
            if (!holds(first.page(), since)) {
                count(begin, Counters.Count.NOT_RECOVERED);
                return joinNow(subscriber, channel, interest, begin, Optional.of(false));
            }
            count(begin, Counters.Count.RECOVERED);
            end = first.page().position();
            before = first.before();
            if (interest.read()) {
                read = Optional.of(begin.readMark(end.offset()));
            }
            begin.begin(new Event.Recovery(end, Optional.of(true)), told, read);
            known = replay(subscriber, channel, first, since, mayRead);
        }
        while (true) {
            if (!mayRead.getAsBoolean()) {
                return joinAfterLoss(subscriber, channel, interest, told, known);
            }
            if (known.equals(end)) {
                Optional<Channel.Membership> member = channel.joinAt(subscriber, interest, told, end, before);
                if (member.isPresent()) {
                    return member.get();
                }
            }
            CoalescingHistoryReader.Read next = histories.after(channel, known.offset());
            try (next) {
                end = next.page().position();
                before = next.before();
                if (!end.sameEpoch(known) || end.offset() < known.offset()) {
                    return joinAfterLoss(subscriber, channel, interest, told, known); // the history is another by now
                }
                known = replay(subscriber, channel, next, known, mayRead);
            }
        }
    }

    private void count(Beginning begin, Counters.Count how) {
        if (begin.isRecovery()) {
            counters.add(how);
        }
    }

    private static Channel.Membership joinAfterLoss(
            Subscriber subscriber,
            Channel channel,
            Command.Interest interest,
            Optional<ChannelInfo> told,
            Position known) {
        return channel.join(subscriber, interest, position -> {
            channel.sendInfoUnless(told, subscriber);
            if (!position.equals(known)) {
                subscriber.send(new Broadcast(new Event.Lost(Names.shown(channel.name()), position)));
            }
        });
    }

    /**
     * Sends a session a page of the history, with the gaps in it. Stops before a message that has been deleted since the page
     * was read. Returns the position up to which the session has been told.
     */
    private Position replay(
            Subscriber subscriber,
            Channel channel,
            CoalescingHistoryReader.Read read,
            Position since,
            BooleanSupplier mayRead) {
        Broker.Page page = read.page();
        Position known = since;
        for (Message message : page.messages()) {
            if (!mayRead.getAsBoolean() || channel.deletions().concern(message, read.deletions())) {
                return known; // it may not read the rest, or must read it again
            }
            if (!message.position().equals(known.next())) {
                known = message.position().at(message.position().offset() - 1);
                replayLost(subscriber, channel, known);
            }
            Gate gate = step -> channel.unlessDeleted(
                    List.of(new FoldedMessage(message)), read.deletions(), () -> Gate.OPEN.pass(step));
            if (!subscriber.replay(
                    PageMemory.length(message), () -> new Event.Received(sizes.presentable(message)), gate)) {
                return known; // it was deleted while it waited for room
            }
            known = message.position();
        }
        counters.add(Counters.Count.DELIVERED, page.messages().size());
        if (page.messages().isEmpty() && page.position().offset() > known.offset()) {
            known = page.position(); // the rest has been removed
            replayLost(subscriber, channel, known);
        }
        return known;
    }

    private static void replayLost(Subscriber subscriber, Channel channel, Position upTo) {
        subscriber.replay(0, () -> new Event.Lost(Names.shown(channel.name()), upTo), Gate.OPEN);
    }

    /** Returns whether the page has everything after a position. */
    private static boolean holds(Broker.Page page, Position since) {
        Position now = page.position();
        return now.sameEpoch(since)
                && (now.offset() == since.offset()
                        || !page.messages().isEmpty()
                                && page.messages().getFirst().position().equals(since.next()));
    }

    /** Ends a membership, unless it has ended. If the broker fails to note that, the session has left all the same. */
    public void leave(Subscriber subscriber, Channel.Membership member) {
        Loop.attempt(LOG, "leaving a channel", () -> end(subscriber, member));
    }

    private void end(Subscriber subscriber, Channel.Membership member) {
        Channel channel = member.channel();
        if (!channel.leave(member)) {
            return;
        }
        try {
            subscriber.left(channel.name());
        } finally {
            try {
                release(channel);
            } finally {
                uncount(member);
            }
        }
    }

    /** Has the broker no longer count a member. Returns false if another call has. */
    public boolean uncount(Channel.Membership member) {
        Optional<Sender> client = member.uncount();
        client.ifPresent(counted -> broker.leave(member.channel().name(), counted));
        return client.isPresent();
    }

    /**
     * Claims a name for a session, unless another bears it. The claim is noted first and then counted: of two sessions that
     * claim a name at once, the later one sees the other. Both may, and then neither gets it.
     *
     * @return whether the session has the name
     */
    public boolean claim(Sender client) throws UnavailableException {
        String name = client.name();
        String inbox = Names.inboxOf(name);
        if (broker.members(inbox).containsKey(name)) {
            return false;
        }
        boolean alone = false;
        broker.join(inbox, client);
        try {
            int bearers = broker.members(inbox).getOrDefault(name, 0);
            if (bearers == 0) {
                throw new UnavailableException("the claim of a name was not noted", null);
            }
            alone = bearers == 1;
        } finally {
            if (!alone) {
                broker.leave(inbox, client);
            }
        }
        return alone;
    }

    /** Returns the number of channels that have sessions on this server, except inboxes. */
    public int size() {
        return (int)
                channels.keys().stream().filter(name -> !Names.isInbox(name)).count();
    }

    /**
     * Forgets the recent messages of all channels, if they take enough to be worth it. Returns the bytes that were freed.
     */
    public long forgetRecent() {
        long before = memory.used(Part.RECENT);
        if (before < memory.limit() / RECENT_SHARE) {
            return 0;
        }
        channels.forEach(Channel::forgetRecent);
        return Math.max(0, before - memory.used(Part.RECENT));
    }

    /** Returns the broker. */
    public Broker broker() {
        return broker;
    }

    /** Passes on each channel that has sessions on this server, except inboxes, with their number. In no order. */
    public void forEachOccupied(ObjIntConsumer<String> action) {
        channels.forEach(channel -> {
            int sessions =
                    channel.size(); // 0 while the last one that has left reads the history, or if all are readers
            if (!Names.isInbox(channel.name()) && sessions > 0) {
                action.accept(channel.name(), sessions);
            }
        });
    }

    /** Releases a channel. The last release closes it; a session that comes meanwhile gets a new one. */
    private void release(Channel channel) {
        boolean last = channels.release(channel.name(), channel);
        if (last || channel.failed() && channels.remove(channel.name(), channel)) {
            memory.charge(Part.CHANNELS, -CHANNEL_BYTES - Sizes.ofText(channel.name()));
        }
        if (last) {
            channel.close();
        }
    }
}

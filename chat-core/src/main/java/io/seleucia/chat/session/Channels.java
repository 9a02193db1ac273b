package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The channels that have members on this server, each with one subscription at the broker. Called by inbound loops;
 * blocks only where the broker does.
 */
public final class Channels {
    private final Broker broker;
    private final SharedReads histories;
    private final MessageSizes sizes;
    private final Observer observer;
    private final Counters counters;
    private final ConcurrentHashMap<String, Channel> channels = new ConcurrentHashMap<>();

    /**
     * Channels carried by a broker, which stays its owner's to close.
     *
     * @param observer is told of all that happens in their sessions
     * @param sizes how large the messages in them may be
     * @param counters are told what happens
     */
    public Channels(Broker broker, Observer observer, MessageSizes sizes, Counters counters) {
        this.broker = broker;
        this.histories = new SharedReads(broker);
        this.observer = observer;
        this.sizes = sizes;
        this.counters = counters;
    }

    Observer observer() {
        return observer;
    }

    /** Returns how large the messages in them may be. */
    public MessageSizes sizes() {
        return sizes;
    }

    /**
     * Makes a session a member of a channel. If it says since when, it is first given what it missed, as far as that is
     * in the history, however long that takes; else it begins with the next message.
     *
     * @param begin is told where the session begins, before anything of the channel can reach it; must not block
     */
    Channel.Member join(
            Session session, String name, Optional<Position> since, boolean presence, Consumer<Event.Recovery> begin)
            throws UnavailableException {
        Channel channel = channels.compute(name, (key, present) -> {
            Channel used = present == null ? new Channel(name, observer, sizes, counters) : present;
            used.users++;
            return used;
        });
        boolean counted = false;
        boolean joined = false;
        try {
            channel.open(broker);
            if (!Names.isInbox(name)) { // whose owner is noted there by name, with or without reading it
                broker.join(name, session.participant().client());
                counted = true;
            }
            Channel.Member member = since.isPresent()
                    ? recover(session, channel, since.get(), presence, begin)
                    : channel.join(
                            session,
                            presence,
                            position -> begin.accept(new Event.Recovery(position, Optional.empty())));
            joined = true;
            return member;
        } finally {
            if (!joined) {
                try {
                    release(channel);
                } finally {
                    if (counted) {
                        broker.leave(name, session.participant().client());
                    }
                }
            }
        }
    }

    /**
     * Reads the history from where the session was to its end, until what came since is what the channel has at hand; who
     * has missed nothing needs none of it. Live messages are not kept aside meanwhile: they are in the history as well,
     * and are read in their turn. Each page is read after the session has asked, so that it holds nothing that had been
     * deleted by then.
     */
    private Channel.Member recover(
            Session session, Channel channel, Position since, boolean presence, Consumer<Event.Recovery> begin)
            throws UnavailableException {
        Optional<Channel.Member> current = channel.joinIfAt(session, presence, since, () -> {
            begin.accept(new Event.Recovery(since, Optional.of(true)));
            counters.add(Counters.Count.RECOVERED); // before it is a member: what fails now leaves none behind
        });
        if (current.isPresent()) {
            return current.get();
        }
        SharedReads.Read read = histories.after(channel, since.offset());
        if (!holds(read.page(), since)) {
            counters.add(Counters.Count.NOT_RECOVERED);
            return channel.join(
                    session, presence, position -> begin.accept(new Event.Recovery(position, Optional.of(false))));
        }
        counters.add(Counters.Count.RECOVERED);
        begin.accept(new Event.Recovery(read.page().position(), Optional.of(true)));
        Position known = since;
        while (true) {
            Position end = read.page().position();
            known = replay(session, channel, read.page(), known);
            if (known.equals(end)) {
                Optional<Channel.Member> member = channel.joinAt(session, presence, end, read.before());
                if (member.isPresent()) {
                    return member.get();
                }
            }
            read = histories.after(channel, known.offset());
            Position now = read.page().position();
            if (!now.sameEpoch(known) || now.offset() < known.offset()) {
                // The history is another by now: from here on it is as for one who just comes.
                return channel.join(
                        session, presence, position -> session.send(new Event.Lost(channel.name(), position)));
            }
        }
    }

    /** Gives a session a stretch of the history, and tells it what is missing there. Returns how far it knows it then. */
    private Position replay(Session session, Channel channel, Broker.Page page, Position since) {
        Position known = since;
        for (Message message : page.messages()) {
            if (!message.position().equals(known.next())) {
                session.replay(new Event.Lost(
                        channel.name(), message.position().at(message.position().offset() - 1)));
            }
            session.replay(new Event.Received(sizes.presentable(message)));
            known = message.position();
        }
        counters.add(Counters.Count.DELIVERED, page.messages().size());
        if (page.messages().isEmpty() && page.position().offset() > known.offset()) {
            known = page.position(); // nothing of the rest is left
            session.replay(new Event.Lost(channel.name(), known));
        }
        return known;
    }

    /** Whether everything after a position is in the history. */
    private static boolean holds(Broker.Page page, Position since) {
        Position now = page.position();
        return now.sameEpoch(since)
                && (now.offset() == since.offset()
                        || !page.messages().isEmpty()
                                && page.messages().getFirst().position().equals(since.next()));
    }

    void leave(Session session, Channel.Member member) {
        Channel channel = member.channel();
        if (!channel.leave(member)) {
            return; // what it had taken is given back already
        }
        try {
            session.left(channel.name());
        } finally {
            try {
                release(channel);
            } finally {
                if (!Names.isInbox(channel.name())) {
                    broker.leave(channel.name(), session.participant().client());
                }
            }
        }
    }

    /**
     * Notes that one more session bears a name, unless another does. If none does, it is noted first and then counted: of
     * two who claim a name at once, the later one sees the other. Both may, and then nobody gets it.
     *
     * @return whether it is noted
     */
    boolean claim(String name) throws UnavailableException {
        String inbox = Names.inboxOf(name);
        if (broker.members(inbox).containsKey(name)) {
            return false;
        }
        boolean alone = false;
        broker.join(inbox, name);
        try {
            int bearers = broker.members(inbox).getOrDefault(name, 0);
            if (bearers == 0) {
                throw new UnavailableException("the claim of a name was not noted", null);
            }
            alone = bearers == 1;
        } finally {
            if (!alone) {
                broker.leave(inbox, name);
            }
        }
        return alone;
    }

    /** How many have sessions on this server, but for inboxes. */
    public int size() {
        return (int)
                channels.keySet().stream().filter(name -> !Names.isInbox(name)).count();
    }

    /** What carries the channels, for all that needs no membership. */
    Broker broker() {
        return broker;
    }

    /** The channels that have sessions on this server, but for inboxes, and how many each has. */
    public Map<String, Integer> occupied() {
        Map<String, Integer> occupied = new TreeMap<>();
        channels.forEach((name, channel) -> {
            if (!Names.isInbox(name)) {
                occupied.put(name, channel.size());
            }
        });
        return occupied;
    }

    /** Whoever gives up the last use closes the subscription; a session that comes meanwhile finds a new channel. */
    private void release(Channel channel) {
        boolean[] last = new boolean[1];
        channels.computeIfPresent(channel.name(), (key, present) -> {
            if (present != channel) {
                return present; // it had failed, and another user has removed it
            }
            last[0] = --channel.users == 0;
            return last[0] || channel.failed() ? null : channel;
        });
        if (last[0]) {
            channel.close();
        }
    }
}

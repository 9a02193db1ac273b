package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.lang.System.Logger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * One channel in memory. A message is given its place at once. Where there is a journal, nobody sees it before it is
 * written; if it can't be, its place and those after it are free again. The failure of a
 * listener, of whatever kind, concerns neither the publisher nor other listeners.
 *
 * <p>All methods are called within {@link #use} or {@link #change}, but for these, {@link #deliver} and {@link #bytes}.
 */
final class InMemoryChannel {
    private static final Logger LOG = System.getLogger(InMemoryChannel.class.getName());
    private static final int MESSAGE_OVERHEAD = 160;
    private static final int ROOM = 15; // for messages, at first
    private static final CompletableFuture<Void> AT_ONCE = CompletableFuture.completedFuture(null);

    /**
     * A message's place.
     *
     * @param duplicate whether an earlier message with the same key has it
     * @param written completes when the place is certain; fails if it can't be had
     */
    record Place(InMemoryChannel channel, Position position, boolean duplicate, CompletableFuture<Void> written) {}

    private record Key(String sender, String key) {}

    private record Kept(Position position, CompletableFuture<Void> written, long until) {}

    private final String name;
    private final Retention retention;
    private final AtomicLong allBytes; // of the histories of all channels

    private final ReentrantLock lock = new ReentrantLock(); // guards all below; held while listeners are called
    private ArrayDeque<Message> history = new ArrayDeque<>(ROOM);
    private int room = ROOM; // in the history, before it has to grow
    private final LinkedList<Unwritten> unwritten = new LinkedList<>(); // follow on the last position
    private final List<Broker.Listener> listeners = new ArrayList<>(1);
    private final LinkedHashMap<Key, Kept> keys = new LinkedHashMap<>(); // the oldest first
    private final TreeMap<String, Integer> members = new TreeMap<>(); // the sessions of each client
    private volatile long bytes; // of the history
    private Position last; // of what has been delivered
    private long usedAt; // by the nanosecond clock
    private long segment; // of the journal: where the last position was noted
    private long begun; // the first offset that was published in that segment
    private boolean forgotten; // a caller that wants the channel needs another one

    InMemoryChannel(String name, String epoch, Retention retention, AtomicLong allBytes) {
        this.name = name;
        this.last = new Position(epoch, 0);
        this.retention = retention;
        this.allBytes = allBytes;
    }

    /** Does something under the lock; nothing, if the channel has been forgotten. */
    <T> Optional<T> use(Function<InMemoryChannel, T> what) {
        lock.lock();
        try {
            return forgotten ? Optional.empty() : Optional.of(what.apply(this));
        } finally {
            lock.unlock();
        }
    }

    /** Does something under the lock. */
    void change(Consumer<InMemoryChannel> what) {
        lock.lock();
        try {
            what.accept(this);
        } finally {
            lock.unlock();
        }
    }

    /** About how much memory the history takes. */
    long bytes() {
        return bytes;
    }

    /** Notes that somebody uses the channel, and takes away what has become too old. */
    void touch() {
        usedAt = System.nanoTime();
        trim();
    }

    Position last() {
        return last;
    }

    List<Broker.Listener> listeners() {
        return listeners;
    }

    Place place(Optional<Journal> journal, String sender, Content content, String key) {
        Key named = key.isEmpty() ? null : new Key(sender, key);
        Kept kept = named == null ? null : keys.get(named);
        if (kept != null) {
            return new Place(this, kept.position, true, kept.written);
        }
        Position position = last.at(last.offset() + unwritten.size() + 1);
        Message message = new Message(name, position, sender, System.currentTimeMillis(), content);
        Unwritten entry = journal.isPresent() ? new Unwritten(message, key, named) : null;
        CompletableFuture<Void> written = entry == null ? AT_ONCE : entry.written;
        boolean placed = false;
        try {
            if (named != null) {
                keys.put(
                        named,
                        new Kept(position, written, usedAt + retention.keys().toNanos()));
            }
            if (entry == null) {
                remember(message);
                placed = true;
            } else {
                placed = leave(entry, journal.get());
            }
        } finally {
            if (!placed && named != null) {
                keys.remove(named);
            }
        }
        if (entry == null) {
            give(message);
        }
        return new Place(this, position, false, written);
    }

    /** Leaves a message to the journal, if that takes it. */
    private boolean leave(Unwritten entry, Journal journal) {
        boolean taken = false;
        unwritten.addLast(entry); // first: what the journal has taken must have its place
        try {
            taken = journal.offer(entry);
        } finally {
            if (!taken) {
                unwritten.removeLast();
            }
        }
        if (!taken) {
            entry.written.completeExceptionally(new IOException(journal.refusal()));
        }
        return taken;
    }

    /** Gives what has been written to the listeners. Called with the lock or without. */
    void deliver() {
        lock.lock();
        try {
            while (!unwritten.isEmpty() && unwritten.getFirst().written.isDone()) {
                Unwritten first = unwritten.getFirst();
                remember(first.message); // without memory for that it throws, and nothing has changed
                unwritten.removeFirst();
                if (segment != first.segment) {
                    segment = first.segment;
                    begun = first.message.position().offset();
                }
                give(first.message);
            }
        } finally {
            lock.unlock();
        }
    }

    private void give(Message message) {
        last = message.position();
        for (int i = 0; i < listeners.size(); i++) {
            try {
                listeners.get(i).message(message);
            } catch (Throwable e) {
                Loop.report(LOG, "a channel's listener", e);
            }
        }
    }

    /** Tells all listeners. */
    void tell(Consumer<Broker.Listener> what) {
        for (int i = 0; i < listeners.size(); i++) {
            try {
                what.accept(listeners.get(i));
            } catch (Throwable e) {
                Loop.report(LOG, "a channel's listener", e);
            }
        }
    }

    /** Counts one more session of a client, and tells listeners if it is the first: in one step, as all that is told. */
    void join(String client) {
        if (members.merge(client, 1, Integer::sum) == 1) {
            tell(listener -> listener.joined(client));
        }
    }

    /** Counts one session of a client fewer, if there is one, and tells listeners if it was the last. */
    void leave(String client) {
        boolean present = members.containsKey(client);
        if (present
                && members.computeIfPresent(client, (name, sessions) -> sessions == 1 ? null : sessions - 1) == null) {
            tell(listener -> listener.left(client));
        }
    }

    /** Returns the sessions of each client, sorted by the clients. */
    Map<String, Integer> members() {
        return new TreeMap<>(members);
    }

    private void remember(Message message) {
        if (history.size() == room) { // a deque that grows by itself is empty if there is no memory for that
            int more = room + room / 2;
            ArrayDeque<Message> larger = new ArrayDeque<>(more);
            larger.addAll(history);
            history = larger;
            room = more;
        }
        history.addLast(message);
        count(size(message));
        if (history.size() > retention.messages()) {
            removeOldest();
        }
    }

    /**
     * What is in memory of a history.
     *
     * @param first the offset of the oldest message that is; the next one's if there is none
     */
    record Held(Broker.Page page, long first) {}

    Held page(boolean forward, Predicate<Message> wanted, int limit) {
        Iterator<Message> messages = forward ? history.iterator() : history.descendingIterator();
        List<Message> page = new ArrayList<>();
        while (page.size() < limit && messages.hasNext()) {
            Message message = messages.next();
            if (wanted.test(message)) {
                page.add(message);
            }
        }
        long first = (history.isEmpty() ? last.next() : history.getFirst().position()).offset();
        return new Held(new Broker.Page(last, forward ? page : page.reversed()), first);
    }

    private void trim() {
        long oldest = System.currentTimeMillis() - retention.age().toMillis();
        while (!history.isEmpty() && history.getFirst().time() < oldest) {
            removeOldest();
        }
        Iterator<Kept> oldestKeys = keys.values().iterator();
        while (oldestKeys.hasNext() && oldestKeys.next().until - System.nanoTime() < 0) {
            oldestKeys.remove();
        }
    }

    /** Takes away the older half of the history. */
    void halve() {
        for (int rest = history.size() / 2; history.size() > rest; ) {
            removeOldest();
        }
    }

    /**
     * Takes messages away. Those that have been written are delivered first: none that is deleted is delivered after this,
     * and the channel's position is behind all of them. What was published since stays, as it does in the journal.
     *
     * @param from the journal's segment that begins with the deletion
     */
    void delete(Predicate<Message> what, long from) {
        deliver();
        long end = segment < from ? Long.MAX_VALUE : begun;
        history.removeIf(message -> {
            boolean wanted = message.position().offset() < end && what.test(message);
            if (wanted) {
                count(-size(message));
            }
            return wanted;
        });
    }

    private void removeOldest() {
        count(-size(history.removeFirst()));
    }

    private void count(long more) {
        bytes += more;
        allBytes.addAndGet(more);
    }

    private static long size(Message message) {
        return MESSAGE_OVERHEAD + 2L * message.content().asText().length();
    }

    /** Ends the channel if nobody could tell any more that it ever was; whether it has ended. */
    boolean forget() {
        forgotten = isUnused();
        return forgotten;
    }

    /** Returns whether nobody could tell any more that the channel ever was. */
    boolean isUnused() {
        trim();
        return listeners.isEmpty()
                && members.isEmpty()
                && history.isEmpty()
                && unwritten.isEmpty()
                && (last.offset() == 0
                        || System.nanoTime() - usedAt > retention.positions().toNanos());
    }

    /** Ends the channel, and all subscriptions, with the broker. */
    void end() {
        forgotten = true;
        listeners.clear();
        members.clear();
    }

    /** What the journal has to hold, if its segments up to this one go; empty if what stands later is enough. */
    Optional<JournalRecord.Standing> standing(long upTo) {
        if (last.offset() == 0 || segment > upTo) {
            return Optional.empty();
        }
        long unusedNanos = listeners.isEmpty() ? System.nanoTime() - usedAt : 0;
        long at = System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(unusedNanos);
        return Optional.of(new JournalRecord.Standing(name, last, at, ""));
    }

    /** The last position is in this segment as well. */
    void standsIn(long later) {
        if (segment < later) {
            segment = later;
            begun = last.next().offset();
        }
    }

    /** Takes over a message that the journal holds. */
    void restore(Message message, String key, long from) {
        Position position = message.position();
        if (position.sameEpoch(last)) {
            position = last.at(position.offset());
        } else {
            beginAnew(position);
        }
        if (position.offset() <= last.offset()) {
            return; // it stands in the journal twice
        }
        last = position;
        remember(new Message(name, position, message.sender(), message.time(), message.content()));
        segment = from;
        usedAt = nanos(message.time());
        if (!key.isEmpty()) {
            keys.put(
                    new Key(message.sender(), key),
                    new Kept(last, AT_ONCE, usedAt + retention.keys().toNanos()));
        }
        trim();
    }

    private void beginAnew(Position position) {
        last = position.at(0);
        keys.clear();
        while (!history.isEmpty()) {
            removeOldest();
        }
    }

    /** Takes over a place whose message was deleted. */
    void restore(JournalRecord.Gone gone, long from) {
        if (!gone.position().sameEpoch(last)) {
            beginAnew(gone.position());
        }
        last = last.at(Math.max(last.offset(), gone.position().offset()));
        segment = from;
        usedAt = Math.max(usedAt, nanos(gone.time()));
    }

    /** Takes over where the channel stood. */
    void restore(JournalRecord.Standing standing, long from) {
        renew(standing.position().epoch());
        last = last.at(Math.max(last.offset(), standing.position().offset()));
        segment = from;
        usedAt = Math.max(usedAt, nanos(standing.usedAt()));
    }

    /** Goes on in another epoch, with the messages, places and keys that there are; gives what the journal has to say. */
    Optional<JournalRecord> goOn(String epoch) {
        String former = last.epoch();
        renew(epoch);
        return standing(Long.MAX_VALUE)
                .map(standing -> new JournalRecord.Standing(name, last, standing.usedAt(), former));
    }

    private void renew(String epoch) {
        if (!epoch.equals(last.epoch())) {
            last = new Position(epoch, last.offset());
            List<Message> messages = List.copyOf(history);
            history.clear(); // which keeps its room
            for (Message message : messages) {
                Position position = last.at(message.position().offset());
                history.addLast(new Message(name, position, message.sender(), message.time(), message.content()));
            }
            keys.replaceAll((key, kept) -> new Kept(last.at(kept.position.offset()), kept.written, kept.until));
        }
    }

    /** A time in milliseconds since 1970, by the nanosecond clock. */
    private static long nanos(long time) {
        return System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis() - time);
    }

    /** A message on its way into the journal. */
    private final class Unwritten implements Journal.Entry {
        private final Message message;
        private final String key;
        private final Key named; // null without a key
        private final CompletableFuture<Void> written = new CompletableFuture<>();
        private long segment; // set before it is written
        private volatile boolean failed; // its place may be another's by now

        private Unwritten(Message message, String key, Key named) {
            this.message = message;
            this.key = key;
            this.named = named;
        }

        @Override
        public Optional<JournalRecord> record() {
            return failed ? Optional.empty() : Optional.of(new JournalRecord.Published(message, key));
        }

        @Override
        public void written(long segment) {
            this.segment = segment;
            written.complete(null);
        }

        /**
         * Takes back this message and all that were to follow it, if that has not been done. It is taken back before its
         * publisher is told, for telling needs memory.
         */
        @Override
        public void failed(Throwable why) {
            lock.lock();
            try {
                while (!failed
                        && !unwritten.isEmpty()
                        && !unwritten.getLast().written.isDone()) {
                    Unwritten entry = unwritten.removeLast();
                    entry.failed = true;
                    if (entry.named != null) {
                        keys.remove(entry.named);
                    }
                    try {
                        entry.written.completeExceptionally(why);
                    } catch (Throwable e) { // then its publisher waits in vain, and is told so
                        Loop.report(LOG, "telling a publisher of a failure", e);
                    }
                }
            } finally {
                lock.unlock();
            }
        }

        @Override
        public long bytes() {
            return size(message);
        }
    }
}

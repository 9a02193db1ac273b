package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalEntry;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.lang.System.Logger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * One channel in memory. A message gets its position at once. With a journal, it becomes visible when it has been written; if
 * that fails, its position and those after it are free again. A listener that throws affects neither the publisher nor other
 * listeners.
 *
 * <p>Any thread may call {@link #use}, {@link #change} and {@link #deliver}, which take the lock. All other methods are called
 * within these.
 */
final class InMemoryChannel {
    private static final Logger LOG = System.getLogger(InMemoryChannel.class.getName());
    private static final int MESSAGE_BYTES = 84; // a message, its position and its place in the history, without texts
    private static final int KEY_BYTES = 100; // an idempotency key and its entry in a map, without texts
    private static final int CHANNEL_BYTES = 580; // a channel, its empty collections and its entry in a map
    private static final int MEMBER_BYTES = 48; // a client in it, whose name its session has as well
    private static final int INITIAL_ROOM = 15; // for messages
    private static final CompletableFuture<Void> AT_ONCE = CompletableFuture.completedFuture(null);

    /**
     * A message's position.
     *
     * @param duplicate whether an earlier message with the same key has it
     * @param written completes when the position is final; fails if the message can't be written
     */
    record Place(InMemoryChannel channel, Position position, boolean duplicate, CompletableFuture<Void> written) {}

    private record Key(String sender, String key) {}

    private record Kept(Position position, CompletableFuture<Void> written, long until) {}

    private final String name;
    private final Retention retention;
    private final MemoryBudget memory;
    private final ChannelSizes<InMemoryChannel> sizes;

    private final ReentrantLock lock = new ReentrantLock(); // guards all below; held while listeners are called
    private ArrayDeque<Message> history = new ArrayDeque<>(INITIAL_ROOM);
    private int room = INITIAL_ROOM; // of the history, before it has to grow
    private final LinkedList<Unwritten> unwritten = new LinkedList<>(); // follow the last position
    private final List<Broker.Listener> listeners = new ArrayList<>(1);
    private final LinkedHashMap<Key, Kept> keys = new LinkedHashMap<>(); // the oldest first
    private final TreeMap<String, Integer> members = new TreeMap<>(); // the sessions of each client
    private long bytes; // of the history
    private long keyBytes; // of the keys
    private Position last; // of the last message delivered
    private long usedAt; // by the nanosecond clock
    private long segment; // of the journal: the newest that has the last position
    private long begun; // the first offset published in that segment
    private boolean forgotten; // a caller needs another object for the channel
    private int sizeClass = ChannelSizes.NONE;

    InMemoryChannel(
            String name, String epoch, Retention retention, MemoryBudget memory, ChannelSizes<InMemoryChannel> sizes) {
        this.name = name;
        this.last = new Position(epoch, 0);
        this.retention = retention;
        this.memory = memory;
        this.sizes = sizes;
        memory.charge(Part.CHANNELS, CHANNEL_BYTES + Sizes.ofText(name));
    }

    /** Applies a function under the lock. Returns empty, and does nothing, if the channel has been removed. */
    <T> Optional<T> use(Function<InMemoryChannel, T> what) {
        lock.lock();
        try {
            return forgotten ? Optional.empty() : Optional.of(what.apply(this));
        } finally {
            unlock();
        }
    }

    /** Runs something under the lock. */
    void change(Consumer<InMemoryChannel> what) {
        lock.lock();
        try {
            what.accept(this);
        } finally {
            unlock();
        }
    }

    /** Releases the lock after updating the channel's size class, which the next call does if there is no memory now. */
    private void unlock() {
        OutOfMemoryError failure = null;
        try {
            long held = bytes + keyBytes;
            boolean unused = isIdle() && last.offset() > 0 && !forgotten;
            int next = held > 0 ? ChannelSizes.of(held) : unused ? ChannelSizes.UNUSED : ChannelSizes.NONE;
            if (next != sizeClass) {
                sizes.move(this, sizeClass, next);
                sizeClass = next;
            }
        } catch (OutOfMemoryError e) {
            failure = e;
        } finally {
            lock.unlock();
        }
        Loop.passOn(failure);
    }

    /** Records that the channel is in use, and removes expired messages and keys. */
    void touch() {
        usedAt = System.nanoTime();
        trim();
    }

    String name() {
        return name;
    }

    Position last() {
        return last;
    }

    List<Broker.Listener> listeners() {
        return listeners;
    }

    Place place(Optional<Journal> journal, Sender sender, Content content, String key) {
        Key named = key.isEmpty() ? null : new Key(sender.key(), key);
        Kept kept = named == null ? null : keys.get(named);
        if (kept != null) {
            return new Place(this, kept.position, true, kept.written);
        }
        Position position = last.at(last.offset() + unwritten.size() + 1);
        Message message =
                new Message(name, position, sender.name(), sender.guest(), System.currentTimeMillis(), content);
        Unwritten entry = journal.isPresent() ? new Unwritten(message, key, named) : null;
        CompletableFuture<Void> written = entry == null ? AT_ONCE : entry.written;
        boolean placed = false;
        try {
            if (named != null) {
                keep(named, position, written);
            }
            if (entry == null) {
                remember(message);
                placed = true;
            } else {
                placed = queue(entry, journal.get());
            }
        } finally {
            if (!placed) {
                removeKey(named);
            }
        }
        if (entry == null) {
            give(message);
        }
        return new Place(this, position, false, written);
    }

    private void keep(Key key, Position position, CompletableFuture<Void> written) {
        Kept kept = new Kept(position, written, usedAt + retention.keys().toNanos());
        if (keys.put(key, kept) == null) {
            countKey(size(key));
        }
    }

    private void removeKey(Key key) {
        if (key != null && keys.remove(key) != null) {
            countKey(-size(key));
        }
    }

    /** Queues a message for the journal. Returns whether the journal accepts it. */
    private boolean queue(Unwritten entry, Journal journal) {
        boolean taken = false;
        unwritten.addLast(entry); // first: an accepted message must have its position
        try {
            taken = journal.offer(entry);
        } finally {
            if (taken) {
                charge(Part.WAITING, size(entry.message));
            } else {
                unwritten.removeLast();
            }
        }
        if (!taken) {
            entry.written.completeExceptionally(new IOException(journal.refusal()));
        }
        return taken;
    }

    /** Delivers the written messages to the listeners. Called with the lock or without. */
    void deliver() {
        change(it -> {
            while (!forgotten
                    && !unwritten.isEmpty()
                    && unwritten.getFirst().written.isDone()) {
                Unwritten first = unwritten.getFirst();
                remember(first.message); // throws if memory has run out, and then nothing has changed
                unwritten.removeFirst();
                charge(Part.WAITING, -size(first.message));
                if (segment != first.segment) {
                    segment = first.segment;
                    begun = first.message.position().offset();
                }
                give(first.message);
            }
        });
    }

    /** Calls all listeners, without the memory that a {@link Consumer} needs. */
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

    void tell(Consumer<Broker.Listener> what) {
        for (int i = 0; i < listeners.size(); i++) {
            try {
                what.accept(listeners.get(i));
            } catch (Throwable e) {
                Loop.report(LOG, "a channel's listener", e);
            }
        }
    }

    /** Adds a session of a client, by its {@link Sender#key}. If it is the first, tells listeners and returns true. */
    boolean join(String client) {
        boolean first = members.merge(client, 1, Integer::sum) == 1;
        if (first) {
            charge(Part.CHANNELS, MEMBER_BYTES);
            tell(listener -> listener.joined(Sender.ofKey(client)));
        }
        return first;
    }

    /** Removes a session of a client, if it has one. If it was the last, tells listeners and returns true. */
    boolean leave(String client) {
        boolean last = members.containsKey(client)
                && members.computeIfPresent(client, (name, sessions) -> sessions == 1 ? null : sessions - 1) == null;
        if (last) {
            charge(Part.CHANNELS, -MEMBER_BYTES);
            tell(listener -> listener.left(Sender.ofKey(client)));
        }
        return last;
    }

    /** Returns the number of sessions of each client, by its {@link Sender#key}. */
    NavigableMap<String, Integer> members() {
        return members;
    }

    /** Adds a message to the history. Throws, without effect, if memory has run out. */
    private void remember(Message message) {
        if (history.size() == room) { // a deque that fails to grow by itself loses its messages
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

    /** A page of the messages in memory, and the offset of the first of all, or of the next message if there is none. */
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
        return new Held(new Broker.Page(last, forward ? page : page.reversed()), first());
    }

    private void trim() {
        long oldest = System.currentTimeMillis() - retention.age().toMillis();
        while (!history.isEmpty() && history.getFirst().time() < oldest) {
            removeOldest();
        }
        removeKeysWhile(kept -> kept.until - System.nanoTime() < 0);
    }

    private void removeKeysWhile(Predicate<Kept> condition) {
        while (!keys.isEmpty() && condition.test(keys.firstEntry().getValue())) {
            countKey(-size(keys.pollFirstEntry().getKey()));
        }
    }

    /** Removes the older half of the history, and the keys of its messages. Returns the number of bytes freed. */
    long halve() {
        long before = bytes + keyBytes;
        for (int rest = history.size() / 2; history.size() > rest; ) {
            removeOldest();
        }
        long first = first();
        removeKeysWhile(kept -> kept.position.offset() < first);
        return before - bytes - keyBytes;
    }

    /** Returns the offset of the oldest message in the history, or of the next message if there is none. */
    private long first() {
        return (history.isEmpty() ? last.next() : history.getFirst().position()).offset();
    }

    /**
     * Deletes messages. Written messages are delivered first, so that no deleted one is delivered later and the channel's
     * position is behind all of them. Messages published after the deletion stay, as they do in the journal.
     *
     * @param from the journal's segment that begins with the deletion
     */
    void delete(Predicate<Message> what, long from) {
        deliver();
        long end = segment < from ? Long.MAX_VALUE : begun;
        history.removeIf(message -> {
            boolean deleted = message.position().offset() < end && what.test(message);
            if (deleted) {
                count(-size(message));
            }
            return deleted;
        });
    }

    private void removeOldest() {
        count(-size(history.removeFirst()));
    }

    private void count(long more) {
        bytes += more;
        charge(Part.HISTORIES, more);
    }

    private void countKey(long more) {
        keyBytes += more;
        charge(Part.KEYS, more);
    }

    /** Charges or releases memory, unless the channel has ended and released everything. */
    private void charge(Part part, long more) {
        if (!forgotten) {
            memory.charge(part, more);
        }
    }

    /** Returns the size of a message, including the sender's name, which messages may share. */
    private static long size(Message message) {
        return MESSAGE_BYTES + Sizes.ofText(message.content().asText()) + Sizes.ofText(message.sender());
    }

    private static long size(Key key) {
        return KEY_BYTES + Sizes.ofText(key.key) + Sizes.ofText(key.sender);
    }

    /** Ends the channel if it is unused. Returns whether it has ended. */
    boolean forget() {
        if (isUnused()) {
            end();
        }
        return forgotten;
    }

    /** Returns whether no client could notice if the channel began again. */
    boolean isUnused() {
        trim();
        return isIdle()
                && (last.offset() == 0
                        || System.nanoTime() - usedAt > retention.positions().toNanos());
    }

    /** Ends the channel if it is idle and has no keys: it must begin again in another epoch. Returns whether it has ended. */
    boolean forgetPosition() {
        trim();
        if (isIdle() && keys.isEmpty()) {
            end();
        }
        return forgotten;
    }

    private boolean isIdle() {
        return listeners.isEmpty() && members.isEmpty() && history.isEmpty() && unwritten.isEmpty();
    }

    /** Ends the channel and all subscriptions, and releases its memory charge. */
    void end() {
        if (forgotten) {
            return;
        }
        count(-bytes);
        countKey(-keyBytes);
        charge(Part.CHANNELS, -CHANNEL_BYTES - Sizes.ofText(name) - (long) MEMBER_BYTES * members.size());
        unwritten.forEach(entry -> charge(Part.WAITING, -size(entry.message)));
        forgotten = true;
        listeners.clear();
        members.clear();
    }

    /** Returns the checkpoint to write before segments up to this one go; empty if later segments have the position. */
    Optional<JournalRecord.ChannelCheckpoint> checkpoint(long upTo) {
        if (last.offset() == 0 || segment > upTo) {
            return Optional.empty();
        }
        long unusedNanos = listeners.isEmpty() ? System.nanoTime() - usedAt : 0;
        long at = System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(unusedNanos);
        return Optional.of(new JournalRecord.ChannelCheckpoint(name, last, at, ""));
    }

    /** Records that this segment has a checkpoint of the last position. */
    void checkpointedIn(long later) {
        if (segment < later) {
            segment = later;
            begun = last.next().offset();
        }
    }

    void restore(Message message, String key, long from) {
        Position position = message.position();
        if (position.sameEpoch(last)) {
            position = last.at(position.offset());
        } else {
            beginAnew(position);
        }
        if (position.offset() <= last.offset()) {
            return; // the journal has it twice
        }
        last = position;
        remember(new Message(name, position, message.sender(), message.guest(), message.time(), message.content()));
        segment = from;
        usedAt = nanos(message.time());
        if (!key.isEmpty()) {
            keep(new Key(new Sender(message.sender(), message.guest()).key(), key), last, AT_ONCE);
        }
        trim();
    }

    private void beginAnew(Position position) {
        last = position.at(0);
        keys.clear();
        countKey(-keyBytes);
        while (!history.isEmpty()) {
            removeOldest();
        }
    }

    /** Restores the position of a deleted message. */
    void restore(JournalRecord.Tombstone tombstone, long from) {
        if (!tombstone.position().sameEpoch(last)) {
            beginAnew(tombstone.position());
        }
        last = last.at(Math.max(last.offset(), tombstone.position().offset()));
        segment = from;
        usedAt = Math.max(usedAt, nanos(tombstone.time()));
    }

    /** Restores the channel's position. */
    void restore(JournalRecord.ChannelCheckpoint checkpoint, long from) {
        renew(checkpoint.position().epoch());
        last = last.at(Math.max(last.offset(), checkpoint.position().offset()));
        segment = from;
        usedAt = Math.max(usedAt, nanos(checkpoint.usedAt()));
    }

    /** Continues in another epoch with the same messages, offsets and keys. Returns the link between the epochs to write. */
    Optional<JournalRecord> continueIn(String epoch) {
        String former = last.epoch();
        renew(epoch);
        return checkpoint(Long.MAX_VALUE)
                .map(checkpoint -> new JournalRecord.ChannelCheckpoint(name, last, checkpoint.usedAt(), former));
    }

    private void renew(String epoch) {
        if (!epoch.equals(last.epoch())) {
            last = new Position(epoch, last.offset());
            List<Message> messages = List.copyOf(history);
            history.clear(); // keeps its capacity
            for (Message message : messages) {
                Position position = last.at(message.position().offset());
                history.addLast(new Message(
                        name, position, message.sender(), message.guest(), message.time(), message.content()));
            }
            keys.replaceAll((key, kept) -> new Kept(last.at(kept.position.offset()), kept.written, kept.until));
        }
    }

    /** Converts a time in milliseconds since 1970 to the nanosecond clock. */
    private static long nanos(long time) {
        return System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis() - time);
    }

    /** A message on its way into the journal. */
    private final class Unwritten implements JournalEntry {
        private final Message message;
        private final String key;
        private final Key named; // null without a key
        private final CompletableFuture<Void> written = new CompletableFuture<>();
        private long segment; // set before it is written
        private volatile boolean failed; // another message may have its position by now

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
         * Withdraws this message and all messages queued after it, if that has not been done yet, before telling their
         * publishers, for telling needs memory.
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
                    charge(Part.WAITING, -size(entry.message));
                    removeKey(entry.named);
                    try {
                        entry.written.completeExceptionally(why);
                    } catch (Throwable e) { // then its publisher gets a timeout
                        Loop.report(LOG, "telling a publisher of a failure", e);
                    }
                }
            } finally {
                unlock();
            }
        }

        @Override
        public long bytes() {
            return size(message);
        }
    }
}

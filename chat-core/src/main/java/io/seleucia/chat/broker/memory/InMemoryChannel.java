package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException.Reason;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.journal.Erasure;
import io.seleucia.chat.broker.journal.Fold;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalHistory;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.options.CurrentOptions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * One channel in memory: its parts under one lock. A message gets its position at once. With a journal, it becomes visible when
 * it has been written; if that fails, its position and those after it are free again.
 *
 * <p>Any thread may call {@link #use}, {@link #change} and {@link #deliver}, which take the lock. All other methods are called
 * within these.
 */
final class InMemoryChannel implements ChannelLock {
    private static final int CHANNEL_BYTES = 706; // a channel, its empty parts and its entry in a map
    /** The sender of deletions by operators. */
    static final Sender OPERATOR = Sender.of("operator");

    private static final CompletableFuture<Void> AT_ONCE = CompletableFuture.completedFuture(null);

    /**
     * A message's position.
     *
     * @param position the channel's newest one if the message is refused
     * @param duplicate whether an earlier message with the same key has it
     * @param written completes when the position is final; fails if the message can't be written
     * @param refused why the message can't refer to another, if so: it has no place
     * @param older the fold of that one which the journal may not have yet, if that one is to be looked up in the archive
     */
    record Place(
            InMemoryChannel channel,
            Position position,
            boolean duplicate,
            CompletableFuture<Void> written,
            Optional<Reason> refused,
            Optional<Fold> older) {
        private Place(InMemoryChannel channel, Position position, boolean duplicate, CompletableFuture<Void> written) {
            this(channel, position, duplicate, written, Optional.empty(), Optional.empty());
        }
    }

    private final String name;
    private final ChannelRetention retention;
    private final ChannelMemory memory;
    private final ChannelDirectory<InMemoryChannel> directory;

    private final ReentrantLock lock = new ReentrantLock(); // guards all below; held while listeners are called
    private final ChannelPosition position;
    private final ChannelHistory history;
    private final IdempotencyKeys keys;
    private final ChannelMarks marks;
    private final ChannelAudience audience;
    private final ChannelListing<InMemoryChannel> listing;
    private UnwrittenMessages unwritten; // null until a journal is used, as is the next
    private FoldWriter foldWriter;
    private boolean forgotten; // a caller needs another object for the channel
    private Description description; // null if it was never described

    InMemoryChannel(
            String name,
            String epoch,
            Retention base,
            CurrentOptions options,
            MemoryBudget budget,
            ChannelSizes<InMemoryChannel> sizes,
            ChannelDirectory<InMemoryChannel> directory) {
        this.name = name;
        this.retention = new ChannelRetention(name, base, options);
        this.memory = new ChannelMemory(budget);
        this.directory = directory;
        this.position = new ChannelPosition(name, epoch);
        this.history = new ChannelHistory(retention, memory);
        this.keys = new IdempotencyKeys(memory);
        this.marks = new ChannelMarks(budget);
        this.audience = new ChannelAudience(memory);
        this.listing = new ChannelListing<>(name, sizes, directory);
        memory.charge(Part.CHANNELS, CHANNEL_BYTES + Sizes.ofText(name));
    }

    @Override
    public void lock() {
        lock.lock();
    }

    /** Applies a function under the lock. Returns empty, and does nothing, if the channel has been removed. */
    <T> Optional<T> use(Function<InMemoryChannel, T> what) {
        lock();
        try {
            return forgotten ? Optional.empty() : Optional.of(what.apply(this));
        } finally {
            unlock();
        }
    }

    /** Runs something under the lock. */
    void change(Consumer<InMemoryChannel> what) {
        lock();
        try {
            what.accept(this);
        } finally {
            unlock();
        }
    }

    /**
     * Releases the lock after updating the channel's size class and its place in the directory, which the next call does if
     * there is no memory now.
     */
    @Override
    public void unlock() {
        OutOfMemoryError failure = null;
        try {
            long held = history.bytes() + keys.bytes() + marks.bytes();
            boolean unused = isIdle() && info().isEmpty() && last().offset() > 0 && !forgotten;
            listing.update(this, held, unused, !forgotten && isInUse());
        } catch (OutOfMemoryError e) {
            failure = e;
        } finally {
            lock.unlock();
        }
        Loop.passOn(failure);
    }

    /** Returns whether there are clients or messages. */
    private boolean isInUse() {
        return !(audience.members().isEmpty() && history.isEmpty());
    }

    /** Records that the channel is in use, and removes expired messages and keys. */
    void touch() {
        position.use();
        trim();
    }

    String name() {
        return name;
    }

    Position last() {
        return position.last();
    }

    ChannelPosition position() {
        return position;
    }

    /** Returns the listeners, and the clients in the channel. */
    ChannelAudience audience() {
        return audience;
    }

    /** Gives a message its position, unless the message to which it refers does not allow it. */
    Place place(Optional<Journal> journal, Sender sender, Draft draft) {
        return place(journal, sender, draft, false, Optional.empty());
    }

    /**
     * Gives a message its position.
     *
     * @param searched whether the message to which it refers was looked up in the archive, because it is not in memory
     * @param archived that message, if it was found
     */
    Place place(
            Optional<Journal> journal,
            Sender sender,
            Draft draft,
            boolean searched,
            Optional<JournalHistory.Stored> archived) {
        IdempotencyKeys.Key key = IdempotencyKeys.Key.of(sender, draft.key());
        IdempotencyKeys.Kept kept = keys.get(key);
        if (kept != null) {
            return new Place(this, kept.position(), true, kept.written());
        }
        Erasure erasure = Erasure.NONE;
        if (draft.attributes().ref().isPresent()) {
            ReferenceCheck.Result checked =
                    new ReferenceCheck(name, position, history, journal, searched, archived).check(sender, draft);
            if (checked.refused().isPresent()) {
                return new Place(this, last(), false, AT_ONCE, checked.refused(), checked.older());
            }
            erasure = checked.erasure();
        }
        return place(journal, sender, draft, erasure, key);
    }

    /** Gives a message its position, whose reference is checked. */
    Place place(Optional<Journal> journal, Sender sender, Draft draft, Erasure erasure, IdempotencyKeys.Key key) {
        Position next = last().at(last().offset() + (unwritten == null ? 0 : unwritten.size()) + 1);
        Message message = new Message(
                name,
                next,
                sender.name(),
                sender.guest(),
                System.currentTimeMillis(),
                draft.content(),
                draft.attributes());
        UnwrittenMessages.Unwritten entry =
                journal.isPresent() ? unwritten().entry(message, key, erasure, !retention.isNone()) : null;
        CompletableFuture<Void> written = entry == null ? AT_ONCE : entry.written();
        boolean placed = false;
        try {
            if (key != null) {
                long until = position.usedAtNanos() + retention.now().keys().toNanos();
                keys.put(key, new IdempotencyKeys.Kept(next, written, until));
            }
            if (entry == null) {
                history.add(message, erasure.offsets());
                placed = true;
            } else {
                boolean erasable = erasure.isEmpty()
                        || sender == OPERATOR
                        || journal.get().hasRoomToErase(sender, draft.moderates());
                placed = unwritten.offer(entry, journal.get(), erasable);
            }
        } finally {
            if (!placed) {
                keys.remove(key);
            }
        }
        if (entry == null) {
            give(message);
        }
        return new Place(this, next, false, written);
    }

    /** Delivers the written messages to the listeners. Called with the lock or without. */
    void deliver() {
        change(it -> {
            UnwrittenMessages.Unwritten first;
            while (!forgotten && unwritten != null && (first = unwritten.firstWritten()) != null) {
                // Throws if memory has run out, and is repeated then.
                history.add(first.message(), first.erasure().offsets());
                unwritten.removeFirst();
                position.writtenIn(first.segment(), first.message().position());
                give(first.message());
            }
        });
    }

    private void give(Message message) {
        position.advance(message.position());
        audience.give(message);
    }

    /** Returns the channel's entry in the directory, if it has clients or messages. */
    Optional<ChannelEntry> entry() {
        trim();
        return isInUse()
                ? Optional.of(new ChannelEntry(name, audience.members().size(), history.newestTime(), info()))
                : Optional.empty();
    }

    /** Returns the channel's description, if it has one. */
    Optional<ChannelInfo> info() {
        return description == null ? Optional.empty() : description.current();
    }

    /** Returns the channel's description, to be changed. */
    Description description() {
        if (description == null) {
            description = new Description(name, directory);
        }
        return description;
    }

    /** Makes a description the current one and tells the listeners, unless a later one is. */
    void describe(ChannelInfo info, long from) {
        if (!forgotten && description().set(info, from)) {
            audience.tell(listener -> listener.described(info));
        }
    }

    /** Returns the messages in memory. */
    ChannelHistory history() {
        return history;
    }

    /** Returns the offset up to which a client has read, by its {@link Sender#key}. */
    long mark(String client) {
        return Math.min(marks.of(client), last().offset());
    }

    /**
     * Moves a client's mark, unless it is there already or further, or the channel has ended. Returns whether it has moved.
     *
     * @param segment the segment of the journal that has the mark
     */
    boolean move(String client, Position to, long segment) {
        return !forgotten && to.sameEpoch(last()) && marks.move(client, to.offset(), segment);
    }

    ChannelMarks marks() {
        return marks;
    }

    /** Returns whether the journal lacks folds of messages that have left memory. */
    boolean hasLeaving() {
        return !history.leaving().isEmpty();
    }

    /** Gives the journal the folds of messages that have left memory. See {@link FoldWriter#write}. */
    CompletableFuture<Void> writeLeaving(Journal journal) {
        return hasLeaving() ? foldWriter().write(journal, name, last()) : AT_ONCE;
    }

    private FoldWriter foldWriter() {
        foldWriter = foldWriter == null ? new FoldWriter(this, history.folds()) : foldWriter;
        return foldWriter;
    }

    private UnwrittenMessages unwritten() {
        unwritten = unwritten == null ? new UnwrittenMessages(this, memory, keys, history) : unwritten;
        return unwritten;
    }

    private void trim() {
        history.trim();
        keys.removeExpired();
    }

    /**
     * Removes the older half of the history, and the keys of its messages; or, if they take more, the older half of the marks.
     * Gives the journal the folds of messages that have left.
     *
     * @return the number of bytes freed, with those that are free when the journal has written the folds
     */
    long relieve(Optional<Journal> journal) {
        long before = marks.bytes();
        if (before > history.bytes() + keys.bytes()) {
            marks.halve();
            return before - marks.bytes();
        }
        before = history.bytes() + keys.bytes();
        history.halve();
        keys.removeBefore(first());
        long freed = Math.max(0, before - history.bytes() - keys.bytes());
        if (journal.isPresent() && hasLeaving()) {
            writeLeaving(journal.get());
            freed += foldWriter().bytesOnTheirWay();
        }
        return freed;
    }

    /** Returns the offset of the oldest message in the history, or of the next message if there is none. */
    private long first() {
        return history.first(last());
    }

    /**
     * Deletes messages. Written messages are delivered first, so that no deleted one is delivered later and the channel's
     * position is behind all of them. Messages published after the deletion stay, as they do in the journal.
     *
     * @param from the journal's segment that begins with the deletion
     * @return what is left to erase, and to tell listeners of: the offset of each message that was no annotation, with those
     *     of its edits
     */
    List<List<Long>> delete(Predicate<Message> what, UnaryOperator<Fold> fold, long from) {
        deliver();
        long end = position.endBefore(from);
        return history.delete(message -> message.position().offset() < end && what.test(message), fold);
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
                && (last().offset() == 0 && info().isEmpty()
                        || System.nanoTime() - position.usedAtNanos()
                                > retention.now().positions().toNanos());
    }

    /** Ends the channel if it is idle and has no keys: it must begin again in another epoch. Returns whether it has ended. */
    boolean forgetPosition() {
        trim();
        if (isIdle() && keys.isEmpty() && marks.isEmpty() && info().isEmpty()) {
            end();
        }
        return forgotten;
    }

    private boolean isIdle() {
        return audience.isEmpty()
                && history.isEmpty()
                && (unwritten == null || unwritten.isEmpty())
                && !hasLeaving()
                && (description == null || !description.isUnsettled());
    }

    /** Ends the channel and all subscriptions, and releases its memory charge. */
    void end() {
        if (forgotten) {
            return;
        }
        history.release();
        keys.clear();
        marks.clear();
        audience.clear();
        memory.charge(Part.CHANNELS, -CHANNEL_BYTES - Sizes.ofText(name));
        if (unwritten != null) {
            unwritten.release();
        }
        if (description != null) {
            description.end();
        }
        memory.end();
        forgotten = true;
    }

    /** Returns when the channel was last used, in milliseconds since 1970. */
    long usedAt() {
        return position.usedAt(isUnheard());
    }

    /** Returns whether there are no listeners. */
    boolean isUnheard() {
        return audience.listeners().isEmpty();
    }

    /** Queues a copy of the description, if there is one in no later segment. See {@link Description#copy}. */
    CompletableFuture<Void> copyDescription(Journal to, long upTo) {
        return description == null
                ? AT_ONCE
                : description.copy(to, upTo, (info, in) -> change(it -> it.description.set(info, in)));
    }

    /** Returns what restores the channel from the records of a journal. */
    ChannelRestorer restorer() {
        return new ChannelRestorer(name, retention, info().isPresent(), position, history, keys, marks);
    }

    /** Restores the channel's description. That counts as a use: the journal does not say when the channel was last used. */
    void restore(JournalRecord.Described described, long from) {
        description().set(described.info(), from);
        touch();
    }

    /** Continues in another epoch with the same messages, offsets and keys. Returns the link between the epochs to write. */
    Optional<JournalRecord> continueIn(String epoch) {
        String former = last().epoch();
        restorer().renew(epoch);
        return last().offset() == 0 ? Optional.empty() : Optional.of(position.checkpoint(former, isUnheard()));
    }
}

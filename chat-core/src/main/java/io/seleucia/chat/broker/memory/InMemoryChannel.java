package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException.Reason;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.journal.Erasure;
import io.seleucia.chat.broker.journal.Erasures;
import io.seleucia.chat.broker.journal.Fold;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalEntry;
import io.seleucia.chat.broker.journal.JournalHistory;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.PendingRecord;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Attributes.Deleted;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.lang.System.Logger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

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
    private static final int ATTRIBUTES_BYTES = 72; // with a reference; a session's messages share the rest
    private static final int HEADER_BYTES = 136; // with its entry in a map, without texts
    private static final int CHANNEL_BYTES = 670; // a channel, its empty collections and its entry in a map
    private static final int MEMBER_BYTES = 48; // a client in it, whose name its session has as well
    private static final Sender OPERATOR = Sender.of("operator");
    private static final CompletableFuture<Void> AT_ONCE = CompletableFuture.completedFuture(null);

    /**
     * A message's position.
     *
     * @param position the channel's newest one if the message is refused
     * @param duplicate whether an earlier message with the same key has it
     * @param written completes when the position is final; fails if the message can't be written
     * @param refused why the message can't refer to another, if so: it has no place
     * @param older the fold of that one which the journal may not have yet, if that one may be in the archive
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

    private record Key(String sender, String key) {}

    /** A fold that the journal has been given, and whether it has written it. */
    private record Offered(Fold fold, CompletableFuture<Void> written) {}

    private record Kept(Position position, CompletableFuture<Void> written, long until) {}

    private final String name;
    private final Retention retention;
    private final MemoryBudget memory;
    private final ChannelSizes<InMemoryChannel> sizes;
    private final ChannelDirectory<InMemoryChannel> directory;
    private final boolean hidden; // from the directory

    private final ReentrantLock lock = new ReentrantLock(); // guards all below; held while listeners are called
    private final MessageWindow history = new MessageWindow();
    private final Folds folds = new Folds(history, this::count);
    private final LinkedList<Unwritten> unwritten = new LinkedList<>(); // follow the last position
    private final List<Broker.Listener> listeners = new ArrayList<>(1);
    private Map<Long, Offered> offered = Collections.emptyMap(); // folds that the journal has been given
    private final LinkedHashMap<Key, Kept> keys = new LinkedHashMap<>(); // the oldest first
    private final TreeMap<String, Integer> members = new TreeMap<>(); // the sessions of each client
    private ChannelMarks marks; // null while there are none
    private long bytes; // of the history and the folds
    private long keyBytes; // of the keys
    private Position last; // of the last message delivered
    private List<String> former = List.of(); // epochs that its epoch continues
    private long usedAt; // by the nanosecond clock
    private long segment; // of the journal: the newest that has the last position
    private long begun; // the first offset published in that segment
    private boolean forgotten; // a caller needs another object for the channel
    private int sizeClass = ChannelSizes.NONE;
    private boolean listed; // in the directory
    private Description description; // null if it was never described

    InMemoryChannel(
            String name,
            String epoch,
            Retention retention,
            MemoryBudget memory,
            ChannelSizes<InMemoryChannel> sizes,
            ChannelDirectory<InMemoryChannel> directory) {
        this.name = name;
        this.last = new Position(epoch, 0);
        this.retention = retention;
        this.memory = memory;
        this.sizes = sizes;
        this.directory = directory;
        this.hidden = Names.isInbox(name);
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

    /**
     * Releases the lock after updating the channel's size class and its place in the directory, which the next call does if
     * there is no memory now.
     */
    private void unlock() {
        OutOfMemoryError failure = null;
        try {
            long held = bytes + keyBytes + markBytes();
            boolean unused = isIdle() && info().isEmpty() && last.offset() > 0 && !forgotten;
            int next = held > 0 ? ChannelSizes.of(held) : unused ? ChannelSizes.UNUSED : ChannelSizes.NONE;
            if (next != sizeClass) {
                sizes.move(this, sizeClass, next);
                sizeClass = next;
            }
            updateDirectory();
        } catch (OutOfMemoryError e) {
            failure = e;
        } finally {
            lock.unlock();
        }
        Loop.passOn(failure);
    }

    private void updateDirectory() {
        boolean lists = !hidden && !forgotten && !(members.isEmpty() && history.isEmpty());
        if (lists && !listed) {
            directory.add(name, this);
        } else if (!lists && listed) {
            directory.remove(name, this);
        }
        listed = lists;
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

    /** Gives a message its position, unless the message to which it refers does not allow it. */
    Place place(Optional<Journal> journal, Sender sender, Draft draft) {
        return place(journal, sender, draft, Optional.empty());
    }

    /** @param archived the message to which a deletion refers, if it was looked up because it is not in memory */
    Place place(Optional<Journal> journal, Sender sender, Draft draft, Optional<JournalHistory.Stored> archived) {
        String key = draft.key();
        Key named = key.isEmpty() ? null : new Key(sender.key(), key);
        Kept kept = named == null ? null : keys.get(named);
        if (kept != null) {
            return new Place(this, kept.position, true, kept.written);
        }
        Erasure erasure = Erasure.NONE;
        if (draft.attributes().ref().isPresent()) {
            Reference reference = draft.attributes().ref().get();
            Optional<Message> target = target(reference, journal, archived);
            Optional<Reason> refused = reference.offset() > last.offset()
                    ? Optional.of(Reason.UNKNOWN)
                    : target.isPresent() ? folds.flaw(sender, draft, target.get()) : Optional.of(Reason.TOO_OLD);
            if (refused.isPresent()) {
                Optional<Fold> older = target.isEmpty() && reference.offset() < first()
                        ? Optional.of(folds.leaving().getOrDefault(reference.offset(), Fold.NONE))
                        : Optional.empty();
                return new Place(this, last, false, AT_ONCE, refused, older);
            }
            if (reference.kind() == Reference.Kind.DELETE) {
                erasure = erasure(reference.offset(), archived);
            }
        }
        return place(journal, sender, draft, erasure, named);
    }

    /** Returns the message to which a reference is, if it is in the history, or was looked up and is still as it was. */
    private Optional<Message> target(
            Reference reference, Optional<Journal> journal, Optional<JournalHistory.Stored> archived) {
        int number = history.numberOf(reference.offset());
        if (number >= 0) {
            return Optional.of(history.get(number));
        }
        return archived.map(JournalHistory.Stored::message)
                .filter(message -> message.position().offset() < first()
                        && journal.filter(it -> it.isErased(name, message.position()))
                                .isEmpty());
    }

    /** Returns what the deletion of a message erases: it and its edits. */
    private Erasure erasure(long target, Optional<JournalHistory.Stored> archived) {
        Fold fold = archived.map(JournalHistory.Stored::fold).orElse(Fold.NONE);
        List<String> epochs = new ArrayList<>(epochs());
        archived.ifPresent(stored -> epochs.addAll(stored.epochs()));
        return new Erasure(epochs.stream().distinct().toList(), folds.withEdits(target, fold));
    }

    /** Returns the epochs in which the messages in memory may have been published. */
    private List<String> epochs() {
        List<String> epochs = new ArrayList<>(former);
        epochs.add(last.epoch());
        return epochs;
    }

    private Place place(Optional<Journal> journal, Sender sender, Draft draft, Erasure erasure, Key named) {
        String key = draft.key();
        Position position = last.at(last.offset() + unwritten.size() + 1);
        Message message = new Message(
                name,
                position,
                sender.name(),
                sender.guest(),
                System.currentTimeMillis(),
                draft.content(),
                draft.attributes());
        Unwritten entry = journal.isPresent() ? new Unwritten(message, key, named, erasure) : null;
        CompletableFuture<Void> written = entry == null ? AT_ONCE : entry.written;
        boolean placed = false;
        try {
            if (named != null) {
                keep(named, position, written);
            }
            if (entry == null) {
                remember(message, erasure.offsets(), false);
                placed = true;
            } else {
                placed = queue(entry, journal.get(), sender, draft.moderates());
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
    private boolean queue(Unwritten entry, Journal journal, Sender sender, boolean moderates) {
        boolean taken = false;
        boolean erasable = entry.erasure.isEmpty() || sender == OPERATOR || journal.hasRoomToErase(sender, moderates);
        unwritten.addLast(entry); // first: an accepted message must have its position
        try {
            folds.place(entry.message);
            entry.prepare(journal);
            taken = erasable && journal.offer(entry);
        } finally {
            if (taken) {
                charge(Part.WAITING, size(entry.message));
            } else {
                unwritten.removeLast();
                folds.unplace(entry.message);
                entry.withdraw();
            }
        }
        if (!taken) {
            String why = erasable
                    ? journal.refusal()
                    : "too many messages that were deleted wait to be removed from the disk; delete more of them later";
            entry.written.completeExceptionally(new IOException(why));
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
                // Throws if memory has run out, and then nothing has changed.
                remember(first.message, first.erasure.offsets(), false);
                unwritten.removeFirst();
                folds.unplace(first.message);
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

    /** Returns the channel's entry in the directory, if it has clients or messages. */
    Optional<ChannelEntry> entry() {
        trim();
        if (members.isEmpty() && history.isEmpty()) {
            return Optional.empty();
        }
        long newest = history.isEmpty() ? 0 : history.get(history.size() - 1).time();
        return Optional.of(new ChannelEntry(name, members.size(), newest, info()));
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
            tell(listener -> listener.described(info));
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

    /**
     * Adds a message to the history. Throws if memory has run out, and can then be called again.
     *
     * @param erased the messages that it deletes
     * @param restoring whether it is one of the journal
     */
    private void remember(Message message, List<Long> erased, boolean restoring) {
        history.grow();
        if (message.attributes().ref().isPresent()) {
            Deleted deletion = erased.isEmpty() ? null : new Deleted(message.sender(), message.time());
            for (long offset : erased) {
                blank(offset, deletion);
            }
            folds.add(message, restoring && isArchived());
        }
        history.add(message);
        count(size(message));
        if (history.size() > retention.messages()) {
            removeOldest();
        }
    }

    /** Removes the content of a message, if it is in memory, and what others have made of it. */
    private void blank(long offset, Deleted deletion) {
        int number = history.numberOf(offset);
        Optional<Message> message =
                number < 0 ? Optional.empty() : Optional.of(history.get(number)).filter(it -> !it.isDeleted());
        Optional<Message> blanked = message.map(it -> it.deleted(deletion));
        folds.blank(offset, message);
        if (blanked.isPresent()) { // last: if memory runs out before, all of it can be repeated
            history.set(number, blanked.get());
            count(size(blanked.get()) - size(message.get()));
        }
    }

    /** Returns whether messages can be read when they have left memory. */
    private boolean isArchived() {
        return !retention.archive().isZero();
    }

    /** A page of the messages in memory, and the offset of the first of all, or of the next message if there is none. */
    record Held(Broker.Page page, long first) {}

    Held page(boolean forward, Predicate<Message> wanted, int limit) {
        List<Message> page = new ArrayList<>();
        int size = history.size();
        for (int i = 0; page.size() < limit && i < size; i++) {
            Message message = history.get(forward ? i : size - 1 - i);
            if (wanted.test(message)) {
                page.add(message);
            }
        }
        return new Held(new Broker.Page(last, forward ? page : page.reversed()), first());
    }

    /** Returns messages that were in memory a moment ago as readers may see them now. */
    List<Message> current(List<Message> page, Optional<Journal> journal) {
        List<Message> current = new ArrayList<>(page.size());
        for (Message message : page) {
            int number = isHere(message) ? history.numberOf(message.position().offset()) : -1;
            current.add(number >= 0 ? history.get(number) : visible(message, journal));
        }
        return current;
    }

    /** Returns what {@link #current(List, Optional)} does, of messages with their folds. */
    List<FoldedMessage> currentFolded(List<FoldedMessage> page, Optional<Journal> journal) {
        List<FoldedMessage> current = new ArrayList<>(page.size());
        for (FoldedMessage folded : page) {
            Message message = folded.message();
            int number = isHere(message) ? history.numberOf(message.position().offset()) : -1;
            Message visible = visible(message, journal);
            current.add(
                    number >= 0
                            ? folds.of(history.get(number))
                            : visible.isDeleted()
                                    ? Fold.NONE.withReplies(folded.replies()).of(visible)
                                    : folded);
        }
        return current;
    }

    private boolean isHere(Message message) {
        return message.position().sameEpoch(last);
    }

    /** Returns a message that has left memory as readers may see it. */
    private static Message visible(Message message, Optional<Journal> journal) {
        return journal.map(it -> it.visible(message)).orElse(message);
    }

    private long markBytes() {
        return marks == null ? 0 : marks.bytes();
    }

    /** Returns the offset up to which a client has read, by its {@link Sender#key}. */
    long mark(String client) {
        return marks == null ? 0 : Math.min(marks.of(client), last.offset());
    }

    /**
     * Moves a client's mark, unless it is there already or further, or the channel has ended. Returns whether it has moved.
     *
     * @param segment the segment of the journal that has the mark
     */
    boolean move(String client, Position to, long segment) {
        if (forgotten || !to.sameEpoch(last)) {
            return false;
        }
        marks = marks == null ? new ChannelMarks(memory) : marks;
        return marks.move(client, to.offset(), segment);
    }

    /**
     * The messages that a client has not read, as far as they are in memory.
     *
     * @param mark the offset up to which it has read
     * @param count the number of messages after it, at most one more than are counted
     * @param first the offset of the first message in memory, or of the next message if there is none
     */
    record Unread(long mark, int count, Position last, long first) {}

    /** @param end the offset of the last message that counts */
    Unread unread(Sender client, long end) {
        long mark = mark(client.key());
        int count = 0;
        for (int i = history.find(mark + 1); count <= ReadMark.MAX_UNREAD && i < history.size(); i++) {
            Message message = history.get(i);
            if (message.position().offset() > end) {
                break;
            }
            count += ReadMark.counts(message, client) ? 1 : 0;
        }
        return new Unread(mark, count, last, first());
    }

    /** Returns some marks to write before segments up to this one go; none if later segments have all marks. */
    List<JournalRecord.Read> marks(long upTo, int limit) {
        return marks == null
                ? List.of()
                : marks.upTo(upTo, limit).stream()
                        .map(mark -> new JournalRecord.Read(name, last.at(mark.offset()), mark.client(), usedAt()))
                        .toList();
    }

    /** Records that this segment has a client's mark. */
    void wrote(JournalRecord.Read mark, long segment) {
        if (marks != null && mark.position().sameEpoch(last)) {
            marks.wrote(mark.client(), mark.position().offset(), segment);
        }
    }

    /**
     * A page of the messages in memory as they are now, the offset of the first message in memory, or of the next message if
     * there is none, and the folds of older messages that the journal does not have yet.
     */
    record HeldFolded(Broker.FoldedPage page, long first, Map<Long, Fold> leaving) {}

    HeldFolded folded(boolean forward, long offset, int limit) {
        List<FoldedMessage> page = new ArrayList<>();
        int from = history.find(forward && offset < Long.MAX_VALUE ? offset + 1 : offset);
        int step = forward ? 1 : -1;
        for (int i = forward ? from : from - 1; page.size() < limit && i >= 0 && i < history.size(); i += step) {
            Message message = history.get(i);
            if (!message.attributes().isAnnotation()) {
                page.add(folds.of(message));
            }
        }
        return new HeldFolded(
                new Broker.FoldedPage(last, forward ? page : page.reversed()), first(), Map.copyOf(folds.leaving()));
    }

    /** Returns whether the journal lacks folds of messages that have left memory. */
    boolean hasLeaving() {
        return !folds.leaving().isEmpty();
    }

    /**
     * Gives the journal the folds of messages that have left memory. What it does not accept now, it is given again.
     *
     * @return completes when all of them are written; fails if one can't be, or is not accepted
     */
    CompletableFuture<Void> writeLeaving(Journal journal) {
        CompletableFuture<Void> all = AT_ONCE;
        for (Map.Entry<Long, Fold> leaving : Map.copyOf(folds.leaving()).entrySet()) {
            long offset = leaving.getKey();
            Fold fold = leaving.getValue();
            Offered known = offered.get(offset);
            if (known == null || known.fold != fold) {
                PendingRecord pending = new PendingRecord(new JournalRecord.Folded(name, last.at(offset), fold));
                if (folds.isBeingDeleted(offset) || !journal.offerFold(pending)) { // else it could keep what is deleted
                    return CompletableFuture.failedFuture(new IOException("a fold is written later"));
                }
                Offered next = new Offered(fold, new CompletableFuture<>());
                offered = offered.isEmpty() ? new HashMap<>() : offered;
                offered.put(offset, next);
                pending.written().whenComplete((segment, failure) -> left(offset, next, failure));
                known = next;
            }
            all = CompletableFuture.allOf(all, known.written);
        }
        return all;
    }

    /** Notes that the journal has the fold of a message that has left memory, or could not write it. */
    private void left(long offset, Offered written, Throwable failure) {
        change(it -> {
            offered.remove(offset, written);
            if (failure == null && !forgotten) {
                folds.left(offset, written.fold);
            }
        });
        if (failure == null) {
            written.written.complete(null);
        } else {
            written.written.completeExceptionally(failure);
        }
    }

    private void trim() {
        long oldest = System.currentTimeMillis() - retention.age().toMillis();
        while (!history.isEmpty() && history.first().time() < oldest) {
            removeOldest();
        }
        removeKeysWhile(kept -> kept.until - System.nanoTime() < 0);
    }

    private void removeKeysWhile(Predicate<Kept> condition) {
        while (!keys.isEmpty() && condition.test(keys.firstEntry().getValue())) {
            countKey(-size(keys.pollFirstEntry().getKey()));
        }
    }

    /**
     * Removes the older half of the history, and the keys of its messages; or, if they take more, the older half of the marks.
     * Returns the number of bytes freed.
     */
    long halve() {
        long freed = markBytes();
        if (freed > bytes + keyBytes) {
            marks = marks.halve() ? marks : null;
            return freed - markBytes();
        }
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
        return (history.isEmpty() ? last.next() : history.first().position()).offset();
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
        long end = segment < from ? Long.MAX_VALUE : begun;
        List<List<Long>> deleted = new ArrayList<>();
        history.removeIf(message -> {
            boolean concerned = message.position().offset() < end && what.test(message);
            if (concerned) {
                count(-size(message));
                if (!message.attributes().isAnnotation() && !message.isDeleted()) {
                    deleted.add(folds.withEdits(message.position().offset(), Fold.NONE));
                }
            }
            return concerned;
        });
        folds.refold();
        folds.changeLeaving(fold);
        return deleted;
    }

    /** Appends a deletion by the operator of a message that is there no more, so that members remove it too. */
    Place tell(Optional<Journal> journal, List<Long> deleted) {
        Attributes attributes = Attributes.NONE.withRef(new Reference(deleted.getFirst(), Reference.Kind.DELETE));
        Draft draft = new Draft(Content.NONE, attributes, "", true);
        List<Long> edits = deleted.subList(1, deleted.size()); // which others may have published
        Erasure erasure = edits.isEmpty() ? Erasure.NONE : new Erasure(epochs(), edits);
        return place(journal, OPERATOR, draft, erasure, null);
    }

    /** Tells listeners that the whole history is gone. */
    void tellLost() {
        tell(listener -> listener.lost(last));
    }

    private void removeOldest() {
        Message oldest = history.removeFirst();
        count(-size(oldest));
        folds.leave(oldest, isArchived());
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
        return MESSAGE_BYTES
                + Sizes.ofText(message.content().asText())
                + Sizes.ofText(message.sender())
                + (message.attributes() == Attributes.NONE ? 0 : size(message.attributes()));
    }

    private static long size(Attributes attributes) {
        return ATTRIBUTES_BYTES + (long) HEADER_BYTES * attributes.headers().size() + 2L * attributes.length();
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
                && (last.offset() == 0 && info().isEmpty()
                        || System.nanoTime() - usedAt > retention.positions().toNanos());
    }

    /** Ends the channel if it is idle and has no keys: it must begin again in another epoch. Returns whether it has ended. */
    boolean forgetPosition() {
        trim();
        if (isIdle() && keys.isEmpty() && marks == null && info().isEmpty()) {
            end();
        }
        return forgotten;
    }

    private boolean isIdle() {
        return listeners.isEmpty()
                && members.isEmpty()
                && history.isEmpty()
                && unwritten.isEmpty()
                && !hasLeaving()
                && (description == null || !description.isUnsettled());
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
        forgetMarks();
        if (description != null) {
            description.end();
        }
        forgotten = true;
        listeners.clear();
        members.clear();
    }

    private void forgetMarks() {
        if (marks != null) {
            marks.clear();
            marks = null;
        }
    }

    /** Returns when the channel was last used, in milliseconds since 1970. */
    private long usedAt() {
        long unusedNanos = listeners.isEmpty() ? System.nanoTime() - usedAt : 0;
        return System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(unusedNanos);
    }

    /** Returns the checkpoint to write before segments up to this one go; empty if later segments have the position. */
    Optional<JournalRecord.ChannelCheckpoint> checkpoint(long upTo) {
        if (last.offset() == 0 || segment > upTo) {
            return Optional.empty();
        }
        return Optional.of(new JournalRecord.ChannelCheckpoint(name, last, usedAt(), ""));
    }

    /** Queues a copy of the description, if there is one in no later segment. See {@link Description#copy}. */
    CompletableFuture<Void> copyDescription(Journal to, long upTo) {
        return description == null
                ? AT_ONCE
                : description.copy(to, upTo, (info, in) -> change(it -> it.description.set(info, in)));
    }

    /** Records that this segment has a checkpoint of the last position. */
    void checkpointedIn(long later) {
        if (segment < later) {
            segment = later;
            begun = last.next().offset();
        }
    }

    void restore(JournalRecord.Published published, long from) {
        Message message = published.message();
        String key = published.key();
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
        remember(message.in(name).at(position), published.erasure().offsets(), true);
        segment = from;
        usedAt = info().isPresent() ? usedAt : nanos(message.time()); // the restored description counts as a use
        if (!key.isEmpty()) {
            keep(new Key(new Sender(message.sender(), message.guest()).key(), key), last, AT_ONCE);
        }
        trim();
    }

    private void beginAnew(Position position) {
        last = position.at(0);
        forgetMarks();
        keys.clear();
        countKey(-keyBytes);
        while (!history.isEmpty()) {
            removeOldest();
        }
        folds.clearLeaving();
        former = List.of();
    }

    /** Restores what the journal knows of a message that had left memory. */
    void restore(JournalRecord.Folded folded) {
        folds.left(folded.position().offset());
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

    /** Restores how far a client has read. The channel had that position, even if no other record has it any more. */
    void restore(JournalRecord.Read mark, long from) {
        if (!mark.position().sameEpoch(last)) {
            beginAnew(mark.position());
        }
        if (mark.position().offset() > last.offset()) {
            last = last.at(mark.position().offset());
            segment = from;
        }
        usedAt = Math.max(usedAt, nanos(mark.usedAt()));
        move(mark.client(), mark.position(), from);
    }

    /** Restores the channel's description. That counts as a use: the journal does not say when the channel was last used. */
    void restore(JournalRecord.Described described, long from) {
        description().set(described.info(), from);
        touch();
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
            former = List.copyOf(epochs());
            last = new Position(epoch, last.offset());
            if (marks != null) {
                marks.cap(last.offset());
            }
            for (int i = 0; i < history.size(); i++) {
                Message message = history.get(i);
                history.set(i, message.at(last.at(message.position().offset())));
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
        private final Erasure erasure;
        private final CompletableFuture<Void> written = new CompletableFuture<>();
        private Erasures.Waiting erased; // null if it deletes nothing
        private long segment; // set before it is written
        private volatile boolean failed; // another message may have its position by now

        private Unwritten(Message message, String key, Key named, Erasure erasure) {
            this.message = message;
            this.key = key;
            this.named = named;
            this.erasure = erasure;
        }

        /** Does what needs memory: once the deletion is written, hiding what it deletes must not fail. */
        private void prepare(Journal journal) {
            if (!erasure.isEmpty()) {
                erased = journal.prepare(message, erasure);
            }
        }

        private void withdraw() {
            if (erased != null) {
                erased.failed();
            }
        }

        private JournalRecord.Published published() {
            return new JournalRecord.Published(message, key, erasure);
        }

        @Override
        public Optional<JournalRecord> record() {
            return failed ? Optional.empty() : Optional.of(published());
        }

        @Override
        public void written(long segment) {
            this.segment = segment;
            if (erased != null) {
                erased.written(segment); // before anyone is told
            }
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
                    folds.unplace(entry.message);
                    charge(Part.WAITING, -size(entry.message));
                    removeKey(entry.named);
                    try {
                        entry.withdraw();
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

package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.journal.Fold;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalDirectory;
import io.seleucia.chat.broker.journal.JournalHistory;
import io.seleucia.chat.broker.journal.JournalOptions;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.PendingDeletion;
import io.seleucia.chat.broker.journal.PendingRecord;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A broker in the memory of this process. Without a journal, messages are lost when the process ends. Several servers in one
 * process may share one broker. No method blocks, except that with a journal publishing and deleting wait for the files.
 *
 * <p>A message that is deleted by another one is hidden at once, also from readers of the journal in other processes. Its
 * content is erased from the journal's files within 12 hours, plus the time of copying the files that have it.
 *
 * <p>The publisher's own thread hands the message to the listeners, under the channel's lock, so that messages are delivered
 * in the order of their offsets. A thread of its own, {@code broker-retention}, removes what has expired.
 */
public final class InMemoryBroker implements Broker {
    private static final Logger LOG = System.getLogger(InMemoryBroker.class.getName());
    private static final Duration SWEEP = Duration.ofSeconds(10);
    private static final long WRITING_SECONDS = 2;
    private static final long ERASING_SECONDS = 3_600;
    private static final int POSITIONS = 1_000; // removed at a time
    private static final long NOT_WRITTEN = -1; // in no segment

    private final Retention retention;
    private final MemoryBudget memory;
    private final List<MemoryBudget.Registration> relief = new CopyOnWriteArrayList<>();
    private final ChannelSizes<InMemoryChannel> sizes = new ChannelSizes<>();
    private final ChannelDirectory<InMemoryChannel> directory;
    private final ReentrantLock upkeep = new ReentrantLock(); // held while channels are restored or swept
    private final ReentrantLock beginning = new ReentrantLock(); // guards changes of the epoch
    private final ConcurrentHashMap<String, InMemoryChannel> channels = new ConcurrentHashMap<>();
    private final KeptRecords<KeptRecords.Revocation> revocations = KeptRecords.ofRevocations();
    private final KeptRecords<Ban> bans = KeptRecords.ofBans();
    private final AtomicLong forgets =
            new AtomicLong(); // deletions of channels and senders that were applied to memory
    private final ReadMarks marks = new ReadMarks(this::with);
    private final Holds holds;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Optional<Journal> journal = Optional.empty(); // set once, before the broker is used

    // The epoch of new channels. A channel in which nothing was published can be removed and begin again at the same
    // position. Before any other channel is removed, the epoch changes.
    private volatile String epoch = newEpoch();

    /**
     * Creates an empty broker with a memory budget of half of the heap.
     *
     * @param retention how much of a channel is kept, and for how long
     */
    public InMemoryBroker(Retention retention) {
        this(retention, MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE));
    }

    /**
     * Creates an empty broker.
     *
     * @param retention how much of a channel is kept, and for how long
     * @param memory the budget for the memory of the broker, and of the servers that use it. When it is short, empty
     *     channels lose their positions, and the longest histories their older half
     */
    public InMemoryBroker(Retention retention, MemoryBudget memory) {
        this(retention, memory, false);
    }

    /** @param restoring whether channels are about to be restored, of which none may lose its position until then */
    private InMemoryBroker(Retention retention, MemoryBudget memory, boolean restoring) {
        Objects.requireNonNull(retention, "retention");
        this.retention =
                restoring ? retention : retention.withArchive(Duration.ZERO); // without a journal there is none
        this.memory = Objects.requireNonNull(memory, "memory");
        this.directory = new ChannelDirectory<>(memory);
        this.holds = new Holds(memory);
        relief.add(memory.register(MemoryBudget.Stage.HISTORIES, this::relieveHistories));
        if (!restoring) {
            relief.add(memory.register(MemoryBudget.Stage.UNUSED, this::relievePositions));
        }
        Thread.ofVirtual().name("broker-retention").start(this::sweep);
    }

    /**
     * Opens a broker with a journal. Every message that it has acknowledged is available again when the directory is opened
     * the next time, however the process has ended. Blocks until the journal has been read. The memory budget is half of the
     * heap.
     *
     * @param retention how much of a channel is kept, and for how long
     * @param directory belongs to the journal alone and is created if it does not exist; one process at a time can open it
     * @param fsync when to force messages to the disk
     * @return the broker
     * @throws IOException if the directory can't be read or written, or another process has it open
     */
    public static InMemoryBroker open(Retention retention, Path directory, Fsync fsync) throws IOException {
        return open(retention, directory, fsync, MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE));
    }

    /**
     * Opens a broker with a journal and a memory budget. See {@link #open(Retention, Path, Fsync)}.
     *
     * @param retention how much of a channel is kept, and for how long
     * @param directory belongs to the journal alone
     * @param fsync when to force messages to the disk
     * @param memory as for {@link #InMemoryBroker(Retention, MemoryBudget)}. With an archive, messages that memory has no
     *     room for are read from the files
     * @return the broker
     * @throws IOException if the directory can't be read or written, or another process has it open
     */
    public static InMemoryBroker open(Retention retention, Path directory, Fsync fsync, MemoryBudget memory)
            throws IOException {
        return open(retention, directory, fsync, Journal.SEGMENT_BYTES, memory);
    }

    /** Opens a broker with segments of another size, for tests. */
    static InMemoryBroker open(Retention retention, Path directory, Fsync fsync, long segmentBytes, MemoryBudget memory)
            throws IOException {
        return open(retention, directory, fsync, segmentBytes, memory, JournalOptions.ERASING);
    }

    /** Opens a broker that erases deleted messages from its files after another time, for tests. */
    static InMemoryBroker open(
            Retention retention, Path directory, Fsync fsync, long segmentBytes, MemoryBudget memory, Duration erasing)
            throws IOException {
        InMemoryBroker broker = new InMemoryBroker(retention, memory, true);
        Duration keep = retention.age().compareTo(retention.keys()) > 0 ? retention.age() : retention.keys();
        broker.upkeep.lock();
        try {
            broker.restore(directory, new JournalOptions(fsync, keep, retention.archive(), segmentBytes, erasing));
            return broker;
        } catch (IOException | RuntimeException | Error e) {
            broker.close();
            throw e;
        } finally {
            broker.upkeep.unlock();
        }
    }

    private void restore(Path directory, JournalOptions options) throws IOException {
        Journal opened = Journal.open(directory, options, this::restore);
        try {
            List<JournalRecord> renewed = new ArrayList<>();
            if (!opened.isComplete()) {
                epoch = newEpoch();
                channels.values()
                        .forEach(channel ->
                                channel.change(it -> it.continueIn(epoch).ifPresent(renewed::add)));
            }
            revocations.open(opened.directory());
            bans.open(opened.directory());
            opened.begin(epoch, renewed);
            opened.chargeErasures(bytes -> memory.charge(MemoryBudget.Part.WAITING, bytes));
        } catch (IOException | RuntimeException | Error e) {
            opened.abandon();
            throw e;
        }
        journal = Optional.of(opened);
        if (opened.history().isEmpty()) { // else positions go last, for the files can't be read without them
            relief.add(memory.register(MemoryBudget.Stage.UNUSED, this::relievePositions));
        }
    }

    /**
     * Marks a journal's directory as restored from a backup: the next broker that opens it begins new epochs, for clients
     * may know offsets that the copy does not have. Changes nothing else and may be repeated. The mark is on the disk when
     * this returns.
     *
     * @param directory the journal's directory
     * @throws IOException if the directory has no journal or can't be written, or a broker has it open
     */
    public static void markRestored(Path directory) throws IOException {
        if (JournalDirectory.ofReader(directory).all().isEmpty()) {
            throw new NoSuchFileException(directory.toString(), null, "there is no journal");
        }
        try (JournalDirectory journal = JournalDirectory.open(directory)) {
            journal.markRestored();
        }
    }

    private void restore(JournalRecord record, long segment) {
        switch (record) {
            case JournalRecord.Published published -> {
                String channel = published.message().channel();
                channel(channel).change(it -> it.restore(published, segment));
            }
            case JournalRecord.Folded folded -> channel(folded.channel()).change(it -> it.restore(folded));
            case JournalRecord.ChannelCheckpoint checkpoint ->
                channel(checkpoint.channel()).change(it -> it.restore(checkpoint, segment));
            case JournalRecord.Tombstone tombstone ->
                channel(tombstone.channel()).change(it -> it.restore(tombstone, segment));
            case JournalRecord.Read mark -> channel(mark.channel()).change(it -> it.restore(mark, segment));
            case JournalRecord.Described described ->
                channel(described.channel()).change(it -> it.restore(described, segment));
            case JournalRecord.Start start -> epoch = start.epoch();
            case JournalRecord.Deletion deletion -> forget(deletion, segment, false);
            case JournalRecord.OfJournal other -> {}
        }
        memory.hasRoomForMessage(); // relieves memory if there is none
    }

    private static String newEpoch() {
        return UUID.randomUUID().toString();
    }

    @Override
    public OptionalLong channels() {
        return OptionalLong.of(channels.mappingCount());
    }

    @Override
    public Health health() {
        Optional<String> flaw = journal.filter(Journal::isFailing).map(failing -> "the journal can't be written");
        return new Health(flaw, Optional.of(Duration.ZERO), 0);
    }

    @Override
    public Receipt publish(String channel, Sender sender, Draft draft) throws UnavailableException, ReferenceException {
        if (!memory.hasRoomForMessage()) {
            throw new UnavailableException("memory is full", null);
        }
        InMemoryChannel.Place place = with(channel, it -> it.place(journal, sender, draft));
        if (place.refused().isPresent()) {
            place = placeInArchive(place, sender, draft);
        }
        if (journal.isPresent()) {
            journal.get().flushOrWake();
            await(place);
        }
        return new Receipt(place.position(), place.duplicate());
    }

    /** Places a deletion of a message that is in the archive. Throws if the message is not there, or is no deletion. */
    private InMemoryChannel.Place placeInArchive(InMemoryChannel.Place refused, Sender sender, Draft draft)
            throws UnavailableException, ReferenceException {
        Reference reference = draft.attributes().ref().orElseThrow();
        Optional<JournalHistory> files = journal.flatMap(Journal::history);
        InMemoryChannel.Place place = refused;
        if (refused.older().isPresent() && reference.kind() == Reference.Kind.DELETE && files.isPresent()) {
            String channel = refused.channel().name();
            Fold unwritten = refused.older().get();
            Optional<JournalHistory.Stored> stored = files.get()
                    .find(channel, refused.position(), reference.offset())
                    .map(found -> unwritten.isEmpty()
                            ? found
                            : new JournalHistory.Stored(found.message(), unwritten, found.epochs()));
            if (stored.isPresent()) {
                place = with(channel, it -> it.place(journal, sender, draft, stored));
            }
        }
        if (place.refused().isPresent()) {
            throw new ReferenceException(place.refused().get());
        }
        return place;
    }

    /** Waits until a message is written, and delivers it. */
    private void await(InMemoryChannel.Place place) throws UnavailableException {
        InMemoryChannel channel = place.channel();
        try {
            PendingRecord.await(place.written(), WRITING_SECONDS);
            channel.deliver();
            if (channel.hasLeaving()) {
                channel.change(it -> it.writeLeaving(journal.get()));
            }
        } catch (IOException e) {
            place.written() // if it is written after all
                    .thenRun(() -> Thread.startVirtualThread(channel::deliver));
            throw new UnavailableException(isClosed() ? "the broker is closed" : e.getMessage(), e);
        }
    }

    private boolean isClosed() {
        return closed.getCount() == 0;
    }

    private void requireOpen() {
        if (isClosed()) {
            throw new ClosedBrokerException();
        }
    }

    @Override
    public Optional<MemoryBudget> memory() {
        return Optional.of(memory);
    }

    /** Shortens the longest histories, so that a client that publishes much can't displace the messages of others. */
    private long relieveHistories(long bytes) {
        Optional<InMemoryChannel> largest = sizes.largest();
        if (largest.isEmpty()) {
            return journal.flatMap(Journal::history).isPresent() ? relievePositions(bytes) : 0;
        }
        return largest.get()
                .use(InMemoryChannel::halve)
                .orElse(1L); // it has just been removed, with everything that it held
    }

    /** Removes unused channels that hold nothing. If one is used again, it begins in a new epoch. */
    private long relievePositions(long bytes) {
        List<InMemoryChannel> unused = sizes.unused(POSITIONS);
        if (unused.isEmpty() || !beginEpoch()) { // before any of them can begin again
            return 0;
        }
        long before = memory.used(MemoryBudget.Part.CHANNELS);
        for (InMemoryChannel channel : unused) {
            if (channel.use(InMemoryChannel::forgetPosition).orElse(true)) {
                channels.remove(channel.name(), channel);
            }
        }
        return Math.max(0, before - memory.used(MemoryBudget.Part.CHANNELS));
    }

    @Override
    public Subscription subscribe(String channel, Listener listener) {
        Position start = with(channel, it -> {
            it.listeners().add(listener);
            it.info().ifPresent(listener::described);
            return it.last();
        });
        return Broker.Subscription.of(
                start, () -> ifOpen(channel, it -> it.listeners().remove(listener)));
    }

    @Override
    public Page historyAfter(String channel, long offset, int limit) throws UnavailableException {
        return read(() -> {
            InMemoryChannel.Held held = with(
                    channel, it -> it.page(true, message -> message.position().offset() > offset, limit));
            Page page = held.page();
            Optional<JournalHistory> files = files(held.first());
            if (files.isEmpty() || limit <= 0 || offset >= held.first() - 1) {
                return page;
            }
            JournalHistory.Found found = files.get().after(channel, page.position(), offset, held.first(), limit);
            return joined(found.messages(), found.complete() ? page : new Page(page.position(), List.of()), limit);
        });
    }

    @Override
    public Page historyBefore(String channel, long offset, int limit) throws UnavailableException {
        return read(() -> {
            InMemoryChannel.Held held = with(
                    channel, it -> it.page(false, message -> message.position().offset() < offset, limit));
            Page page = held.page();
            Optional<JournalHistory> files = files(held.first());
            int missing = limit - page.messages().size();
            if (files.isEmpty() || missing <= 0 || offset <= 1) {
                return page;
            }
            long end = Math.min(offset, held.first());
            List<Message> older =
                    files.get().before(channel, page.position(), end, missing).messages();
            return joined(older, page, limit);
        });
    }

    @Override
    public FoldedPage folded(String channel, boolean forward, long offset, int limit) throws UnavailableException {
        return read(() -> {
            InMemoryChannel.HeldFolded held = with(channel, it -> it.folded(forward, offset, limit));
            FoldedPage page = held.page();
            Optional<JournalHistory> files = files(held.first());
            int missing = forward ? limit : limit - page.messages().size();
            boolean here = forward ? offset >= held.first() - 1 : offset <= 1;
            if (files.isEmpty() || missing <= 0 || here) {
                return page;
            }
            Position last = page.position();
            long end = forward ? held.first() : Math.min(offset, held.first());
            JournalHistory.FoundFolded found = forward
                    ? files.get().foldedAfter(channel, last, offset, end, missing, held.leaving())
                    : files.get().foldedBefore(channel, last, end, missing, held.leaving());
            List<FoldedMessage> messages = new ArrayList<>(found.messages());
            if (!forward || found.complete()) {
                messages.addAll(with(channel, it -> it.currentFolded(page.messages(), journal)));
            }
            return new FoldedPage(last, List.copyOf(messages.subList(0, Math.min(limit, messages.size()))));
        });
    }

    /** Reads a page, which may take time. */
    private interface Reading<P> {
        P read() throws UnavailableException;
    }

    /** Reads a page, and once more if an operator has deleted messages meanwhile, which may be on it. */
    private <P> P read(Reading<P> reading) throws UnavailableException {
        while (true) {
            long before = forgets.get();
            P page = reading.read();
            if (forgets.get() == before) {
                return page;
            }
        }
    }

    /** Returns the files that may have messages older than those in memory. */
    private Optional<JournalHistory> files(long first) {
        return first > 1 ? journal.flatMap(Journal::history) : Optional.empty();
    }

    /** Returns what the files have and, as it is now, what was in memory before they were read. */
    private Page joined(List<Message> older, Page page, int limit) {
        List<Message> messages = new ArrayList<>(older);
        if (!page.messages().isEmpty()) {
            String channel = page.messages().getFirst().channel();
            messages.addAll(with(channel, it -> it.current(page.messages(), journal)));
        }
        return new Page(page.position(), messages.subList(0, Math.min(limit, messages.size())));
    }

    @Override
    public void delete(String channel) throws UnavailableException {
        delete(new JournalRecord.Deletion(channel, ""));
    }

    @Override
    public void deleteFrom(String sender) throws UnavailableException {
        delete(new JournalRecord.Deletion("", sender));
    }

    private void delete(JournalRecord.Deletion deletion) throws UnavailableException {
        requireOpen();
        if (journal.isEmpty()) {
            forget(deletion, Long.MAX_VALUE, true);
            return;
        }
        PendingDeletion pending = journal.get()
                .delete(deletion)
                .orElseThrow(() -> new UnavailableException(journal.get().refusal(), null));
        journal.get().flushOrWake();
        try {
            PendingRecord.await(pending.written(), WRITING_SECONDS);
            forget(pending);
            pending.done().get(ERASING_SECONDS, TimeUnit.SECONDS);
        } catch (IOException e) { // if it is written after all, the next sweep at the latest forgets the messages
            pending.written().thenRun(() -> Thread.startVirtualThread(() -> forget(pending)));
            throw new UnavailableException(e.getMessage(), e);
        } catch (ExecutionException | TimeoutException e) {
            throw new UnavailableException(
                    "the messages are still on the disk; the deletion is retried until they are gone", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while the files were rewritten", e);
        }
    }

    /** Removes the messages of a written deletion from memory. If that fails, it is repeated by the next sweep. */
    private void forget(PendingDeletion written) {
        forget(written.deletion(), written.segment(), true);
        forgets.incrementAndGet();
        written.setForgotten();
    }

    /**
     * Removes messages from memory.
     *
     * @param tell whether to tell listeners: of a sender by deletions, which are messages, and of a channel by a loss
     */
    private void forget(JournalRecord.Deletion deletion, long segment, boolean tell) {
        Consumer<InMemoryChannel> delete = channel -> {
            List<InMemoryChannel.Place> told = new ArrayList<>();
            channel.change(it -> {
                List<List<Long>> deleted =
                        it.delete(deletion::concerns, fold -> deletion.left(it.name(), fold), segment);
                if (tell && deletion.sender().isEmpty()) {
                    it.tellLost();
                } else if (tell) {
                    deleted.forEach(offsets -> told.add(it.tell(journal, offsets)));
                }
            });
            journal.ifPresent(Journal::flushOrWake);
            told.forEach(this::deliverWhenWritten);
        };
        if (deletion.channel().isEmpty()) {
            channels.values().forEach(delete);
        } else {
            Optional.ofNullable(channels.get(deletion.channel())).ifPresent(delete);
        }
    }

    /** Waits until a message is written, and delivers it; if that takes long, it is delivered later. */
    private void deliverWhenWritten(InMemoryChannel.Place place) {
        try {
            PendingRecord.await(place.written(), WRITING_SECONDS);
            place.channel().deliver();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "a deletion is not delivered yet: " + e);
            place.written().thenRun(() -> Thread.startVirtualThread(place.channel()::deliver));
        }
    }

    @Override
    public ReadMark markRead(String channel, Reader reader, long offset) throws UnavailableException {
        if (!memory.hasRoomForMessage()) {
            throw new UnavailableException("memory is full", null);
        }
        return marks.move(channel, reader, offset, journal);
    }

    @Override
    public ReadMark readMark(String channel, Sender client, long end) {
        return marks.of(channel, client, end, journal);
    }

    @Override
    public void signal(String channel, Signal signal) {
        requireOpen();
        InMemoryChannel present = channels.get(channel);
        if (present != null) { // else there are no listeners
            present.change(it -> it.tell(listener -> listener.signal(signal)));
        }
    }

    @Override
    public void join(String channel, Sender client) {
        with(channel, it -> it.join(client.key()));
    }

    @Override
    public void leave(String channel, Sender client) {
        ifOpen(channel, it -> it.leave(client.key()));
    }

    @Override
    public void revoke(String user, long time) throws UnavailableException {
        requireOpen();
        revocations.add(new KeptRecords.Revocation(user, time));
    }

    @Override
    public Map<String, Long> revocations() {
        requireOpen();
        return revocations.all().stream()
                .collect(Collectors.toUnmodifiableMap(KeptRecords.Revocation::user, KeptRecords.Revocation::time));
    }

    @Override
    public void ban(Ban ban) throws UnavailableException {
        ban.requireInForce();
        requireOpen();
        bans.add(ban);
    }

    @Override
    public void unban(Ban.Kind kind, String subject) throws UnavailableException {
        String key = Ban.key(kind, subject);
        requireOpen();
        if (bans.all().stream().anyMatch(ban -> ban.key().equals(key))) {
            bans.add(new Ban(kind, subject, Instant.EPOCH, ""));
        }
    }

    @Override
    public List<Ban> bans() {
        requireOpen();
        return bans.all();
    }

    @Override
    public Hold hold(String name, String owner, Duration lifetime) throws UnavailableException {
        requireOpen();
        return holds.add(name, owner, lifetime);
    }

    @Override
    public void release(String name, String owner) {
        holds.remove(name, owner);
    }

    @Override
    public Members members(String channel, String after, int limit) {
        return with(channel, it -> Broker.Members.of(it.members(), after, limit));
    }

    @Override
    public Map<String, Integer> members(String channel) {
        Map<String, Integer> all = new TreeMap<>();
        members(channel, "", Integer.MAX_VALUE).page().forEach(member -> all.put(member.client(), member.sessions()));
        return all;
    }

    @Override
    public Optional<ChannelInfo> info(String channel) {
        return with(channel, InMemoryChannel::info);
    }

    @Override
    public ChannelInfo describe(String channel, Sender by, Optional<Content.Json> json) throws UnavailableException {
        ChannelInfo.require(json);
        if (!memory.hasRoomForMessage() || json.isPresent() && !directory.hasRoomForInfo()) {
            throw new UnavailableException("memory is full", null);
        }
        Describing one = with(channel, it -> describe(it, by, json));
        if (one.written.isEmpty()) {
            return one.info;
        }
        journal.orElseThrow().flushOrWake();
        CompletableFuture<Long> written = one.written.get();
        try {
            long segment = PendingRecord.await(written, WRITING_SECONDS);
            one.channel.change(it -> settle(it, one.info, segment));
            return one.info;
        } catch (IOException e) {
            written.whenComplete(
                    (segment, why) -> // if it is written after all
                    Thread.startVirtualThread(() ->
                            one.channel.change(it -> settle(it, one.info, segment == null ? NOT_WRITTEN : segment))));
            throw new UnavailableException(isClosed() ? "the broker is closed" : e.getMessage(), e);
        }
    }

    /** A description on its way; without a future if it is in force. */
    private record Describing(InMemoryChannel channel, ChannelInfo info, Optional<CompletableFuture<Long>> written) {}

    /** Describes a channel, whose lock the caller has. */
    private Describing describe(InMemoryChannel channel, Sender by, Optional<Content.Json> json) {
        Description description = channel.description();
        ChannelInfo info = description.next(by, json);
        if (json.isEmpty() && description.isEmpty()) {
            return new Describing(channel, info, Optional.empty()); // there is nothing to remove
        }
        if (journal.isEmpty()) {
            channel.describe(info, 0);
            return new Describing(channel, info, Optional.empty());
        }
        return new Describing(channel, info, Optional.of(description.queue(info, journal.get())));
    }

    private static void settle(InMemoryChannel channel, ChannelInfo info, long segment) {
        channel.description().settle();
        if (segment != NOT_WRITTEN) {
            channel.describe(info, segment);
        }
    }

    @Override
    public Listing list(String prefix, String after, int limit, Predicate<String> wanted) {
        requireOpen();
        List<ChannelEntry> page = new ArrayList<>();
        long deadline = System.nanoTime() + Listing.MAX_TIME.toNanos();
        String last = after;
        long characters = 0;
        int looked = 0;
        for (Map.Entry<String, InMemoryChannel> one : directory.from(prefix, after)) {
            if (!one.getKey().startsWith(prefix)) {
                break;
            }
            if (looked == Listing.MAX_NAMES || looked > 0 && System.nanoTime() - deadline > 0) {
                return new Listing(page, Optional.of(last));
            }
            Optional<ChannelEntry> entry = wanted.test(one.getKey())
                    ? one.getValue().use(InMemoryChannel::entry).flatMap(Function.identity())
                    : Optional.empty();
            if (entry.isPresent()) {
                if (page.size() >= limit || characters >= Listing.MAX_CHARS) {
                    return new Listing(page, Optional.of(last));
                }
                page.add(entry.get());
                characters += entry.get().length();
            }
            last = one.getKey();
            looked++;
        }
        return new Listing(page, Optional.empty());
    }

    @Override
    public void close() {
        closed.countDown();
        revocations.close(); // before another process can open the directory
        bans.close();
        journal.ifPresent(to -> {
            channels.values().forEach(channel -> channel.use(it -> it.writeLeaving(to)));
            to.close();
        });
        channels.values().forEach(channel -> channel.change(InMemoryChannel::end));
        channels.clear();
        holds.clear();
        relief.forEach(MemoryBudget.Registration::close);
    }

    private InMemoryChannel channel(String name) {
        return channels.computeIfAbsent(
                name, absent -> new InMemoryChannel(absent, epoch, retention, memory, sizes, directory));
    }

    private <T> T with(String name, Function<InMemoryChannel, T> what) {
        return ifOpen(name, what).orElseThrow(ClosedBrokerException::new);
    }

    /** Applies a function to a channel, which is created if it does not exist. Does nothing if the broker is closed. */
    private <T> Optional<T> ifOpen(String name, Function<InMemoryChannel, T> what) {
        while (true) {
            InMemoryChannel channel = channel(name);
            if (isClosed()) { // checked when close() can already find the channel
                channels.remove(name, channel);
                channel.change(InMemoryChannel::end);
                return Optional.empty();
            }
            Optional<T> result = channel.use(it -> {
                it.touch();
                T given = what.apply(it);
                if (it.last().offset() == 0 && it.forget()) {
                    channels.remove(name, it);
                }
                return given;
            });
            if (result.isPresent()) {
                return result;
            }
        }
    }

    private void sweep() {
        Loop.every(SWEEP, LOG, "the retention of the in-memory broker", closed, this::sweepOnce);
    }

    /** Removes unused channels, and retires old segments of the journal. */
    void sweepOnce() {
        upkeep.lock();
        try {
            journal.ifPresent(from -> from.unforgotten()
                    .forEach(deletion -> Loop.attempt(LOG, "deleting messages", () -> forget(deletion))));
            channels.values().forEach(InMemoryChannel::deliver); // it is overdue where a publisher had no memory for it
            journal.ifPresent(to -> channels.values().stream()
                    .filter(InMemoryChannel::hasLeaving)
                    .forEach(channel -> channel.change(it -> it.writeLeaving(to))));
            holds.sweep();
            channels.values().removeIf(channel -> channel.use(this::isExpired).orElse(true));
            if (journal.isPresent()) {
                SegmentRetention.retire(journal.get(), channels.values());
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "old journal files can't be archived, which is retried: " + e.getMessage());
        } finally {
            upkeep.unlock();
        }
    }

    private boolean isExpired(InMemoryChannel channel) {
        return channel.isUnused()
                && (channel.last().offset() == 0 || beginEpoch()) // before the channel can begin again
                && channel.forget();
    }

    /** Changes the epoch of new channels. Returns false, without effect, if the journal does not accept the record. */
    private boolean beginEpoch() {
        String next = newEpoch();
        beginning.lock();
        try {
            boolean recorded = journal.isEmpty()
                    || journal.get().offer(new PendingRecord(journal.get().start(next)));
            epoch = recorded ? next : epoch;
            return recorded;
        } finally {
            beginning.unlock();
        }
    }
}

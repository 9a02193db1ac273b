package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalDirectory;
import io.seleucia.chat.broker.journal.JournalOptions;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.PendingRecord;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.options.CurrentOptions;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
    private static final long NOT_WRITTEN = -1; // in no segment

    private final Retention retention;
    private final CurrentOptions options;
    private final MemoryBudget memory;
    private final List<MemoryBudget.Registration> relief = new CopyOnWriteArrayList<>();
    private final ChannelDirectory<InMemoryChannel> directory;
    private final ReentrantLock upkeep = new ReentrantLock(); // held while channels are restored or swept
    private final ChannelTable channels;
    private final KeptRecords<KeptRecords.Revocation> revocations = KeptRecords.ofRevocations();
    private final KeptRecords<Ban> bans = KeptRecords.ofBans();
    private final ReadMarks marks;
    private final Holds holds;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Optional<Journal> journal =
            Optional.empty(); // set once, before the broker is used, as are the next
    private volatile MessagePublisher publisher;
    private volatile OperatorDeletions deletions;
    private volatile PageReader pages;

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
        this(retention, memory, new CurrentOptions());
    }

    /**
     * Creates an empty broker that keeps as much of each channel as its options say.
     *
     * @param retention how much is kept of a channel whose options do not say it
     * @param memory as for {@link #InMemoryBroker(Retention, MemoryBudget)}
     * @param options the options of the channels, which may change
     */
    public InMemoryBroker(Retention retention, MemoryBudget memory, CurrentOptions options) {
        this(retention, memory, options, false);
    }

    /** @param restoring whether channels are about to be restored, of which none may lose its position until then */
    private InMemoryBroker(Retention retention, MemoryBudget memory, CurrentOptions options, boolean restoring) {
        Objects.requireNonNull(retention, "retention");
        this.options = Objects.requireNonNull(options, "options");
        this.retention =
                restoring ? retention : retention.withArchive(Duration.ZERO); // without a journal there is none
        this.memory = Objects.requireNonNull(memory, "memory");
        this.directory = new ChannelDirectory<>(memory);
        this.channels = new ChannelTable(this.retention, options, memory, directory);
        this.publisher = new MessagePublisher(channels, journal, this::isClosed);
        this.deletions = new OperatorDeletions(channels, journal);
        this.pages = new PageReader(channels, journal, deletions);
        this.marks = new ReadMarks(channels::with);
        this.holds = new Holds(memory);
        relief.add(memory.register(MemoryBudget.Stage.HISTORIES, channels::relieveHistories));
        if (!restoring) {
            relief.add(memory.register(MemoryBudget.Stage.UNUSED, channels::relievePositions));
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
        return open(retention, directory, fsync, memory, new CurrentOptions());
    }

    /**
     * Opens a broker with a journal, which keeps as much of each channel as its options say, also of what is read from the
     * journal now. The archive keeps the messages of all channels alike, except those that were published in a channel that
     * keeps none.
     *
     * @param retention how much is kept of a channel whose options do not say it
     * @param directory belongs to the journal alone
     * @param fsync when to force messages to the disk
     * @param memory as for {@link #open(Retention, Path, Fsync, MemoryBudget)}
     * @param options the options of the channels, which may change
     * @return the broker
     * @throws IOException if the directory can't be read or written, or another process has it open
     */
    public static InMemoryBroker open(
            Retention retention, Path directory, Fsync fsync, MemoryBudget memory, CurrentOptions options)
            throws IOException {
        return open(retention, directory, fsync, Journal.SEGMENT_BYTES, memory, JournalOptions.ERASING, options);
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
        return open(retention, directory, fsync, segmentBytes, memory, erasing, new CurrentOptions());
    }

    /** Opens a broker with options of channels, for tests. */
    static InMemoryBroker open(
            Retention retention,
            Path directory,
            Fsync fsync,
            long segmentBytes,
            MemoryBudget memory,
            Duration erasing,
            CurrentOptions options)
            throws IOException {
        InMemoryBroker broker = new InMemoryBroker(retention, memory, options, true);
        broker.upkeep.lock();
        try {
            broker.restore(
                    directory,
                    new JournalOptions(fsync, broker::longestLifetime, retention.archive(), segmentBytes, erasing));
            return broker;
        } catch (IOException | RuntimeException | Error e) {
            broker.close();
            throw e;
        } finally {
            broker.upkeep.unlock();
        }
    }

    /** Returns how long any message or idempotency key is kept. */
    private Duration longestLifetime() {
        return Stream.of(retention.age(), retention.keys(), options.rules().longestAge())
                .max(Duration::compareTo)
                .orElseThrow();
    }

    private void restore(Path directory, JournalOptions options) throws IOException {
        Journal opened = Journal.open(directory, options, this::restore);
        channels.all().forEach(channel -> channel.change(it -> it.restorer().end()));
        try {
            List<JournalRecord> renewed = new ArrayList<>();
            if (!opened.isComplete()) {
                String next = ChannelTable.newEpoch();
                channels.beginIn(next);
                channels.all()
                        .forEach(channel ->
                                channel.change(it -> it.continueIn(next).ifPresent(renewed::add)));
            }
            revocations.open(opened.directory());
            bans.open(opened.directory());
            opened.begin(channels.epoch(), renewed);
            opened.chargeErasures(bytes -> memory.charge(MemoryBudget.Part.WAITING, bytes));
        } catch (IOException | RuntimeException | Error e) {
            opened.abandon();
            throw e;
        }
        journal = Optional.of(opened);
        channels.writeTo(opened);
        publisher = new MessagePublisher(channels, journal, this::isClosed);
        deletions = new OperatorDeletions(channels, journal);
        pages = new PageReader(channels, journal, deletions);
        if (opened.history().isEmpty()) { // else positions go last, for the files can't be read without them
            relief.add(memory.register(MemoryBudget.Stage.UNUSED, channels::relievePositions));
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
                channels.get(channel).change(it -> it.restorer().restore(published, segment));
            }
            case JournalRecord.Folded folded ->
                channels.get(folded.channel()).change(it -> it.restorer().restore(folded));
            case JournalRecord.ChannelCheckpoint checkpoint ->
                channels.get(checkpoint.channel()).change(it -> it.restorer().restore(checkpoint, segment));
            case JournalRecord.Tombstone tombstone ->
                channels.get(tombstone.channel()).change(it -> it.restorer().restore(tombstone, segment));
            case JournalRecord.Read mark ->
                channels.get(mark.channel()).change(it -> it.restorer().restore(mark, segment));
            case JournalRecord.Described described ->
                channels.get(described.channel()).change(it -> it.restore(described, segment));
            case JournalRecord.Start start -> channels.beginIn(start.epoch());
            case JournalRecord.Deletion deletion -> deletions.forget(deletion, segment, false);
            case JournalRecord.OfJournal other -> {}
        }
        memory.hasRoomForMessage(); // relieves memory if there is none
    }

    @Override
    public OptionalLong channels() {
        return OptionalLong.of(channels.count());
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
        return publisher.publish(channel, sender, draft);
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

    @Override
    public Subscription subscribe(String channel, Listener listener) {
        Position start = with(channel, it -> {
            it.audience().listeners().add(listener);
            it.info().ifPresent(listener::described);
            return it.last();
        });
        return Broker.Subscription.of(
                start, () -> ifOpen(channel, it -> it.audience().listeners().remove(listener)));
    }

    @Override
    public Page historyAfter(String channel, long offset, int limit) throws UnavailableException {
        return pages.after(channel, offset, limit);
    }

    @Override
    public Page historyBefore(String channel, long offset, int limit) throws UnavailableException {
        return pages.before(channel, offset, limit);
    }

    @Override
    public FoldedPage folded(String channel, boolean forward, long offset, int limit) throws UnavailableException {
        return pages.folded(channel, forward, offset, limit);
    }

    @Override
    public void delete(String channel) throws UnavailableException {
        requireOpen();
        deletions.delete(new JournalRecord.Deletion(channel, ""));
    }

    @Override
    public void deleteFrom(String sender) throws UnavailableException {
        requireOpen();
        deletions.delete(new JournalRecord.Deletion("", sender));
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
        channels.find(channel) // else there are no listeners
                .ifPresent(it -> it.change(found -> found.audience().tell(listener -> listener.signal(signal))));
    }

    @Override
    public void join(String channel, Sender client) {
        with(channel, it -> it.audience().join(client.key()));
    }

    @Override
    public void leave(String channel, Sender client) {
        ifOpen(channel, it -> it.audience().leave(client.key()));
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
        return with(channel, it -> Broker.Members.of(it.audience().members(), after, limit));
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
        channels.close();
        revocations.close(); // before another process can open the directory
        bans.close();
        journal.ifPresent(to -> {
            channels.all().forEach(channel -> channel.use(it -> it.writeLeaving(to)));
            to.close();
        });
        channels.end();
        holds.clear();
        relief.forEach(MemoryBudget.Registration::close);
    }

    private <T> T with(String name, Function<InMemoryChannel, T> what) {
        return channels.with(name, what);
    }

    private <T> Optional<T> ifOpen(String name, Function<InMemoryChannel, T> what) {
        return channels.ifOpen(name, what);
    }

    private void sweep() {
        Loop.every(SWEEP, LOG, "the retention of the in-memory broker", closed, this::sweepOnce);
    }

    /** Removes unused channels, and retires old segments of the journal. */
    void sweepOnce() {
        upkeep.lock();
        try {
            deletions.forgetUnforgotten();
            channels.all().forEach(InMemoryChannel::deliver); // it is overdue where a publisher had no memory for it
            journal.ifPresent(to -> channels.all().stream()
                    .filter(InMemoryChannel::hasLeaving)
                    .forEach(channel -> channel.change(it -> it.writeLeaving(to))));
            holds.sweep();
            channels.removeExpired();
            if (journal.isPresent()) {
                SegmentRetention.retire(journal.get(), channels.all());
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "old journal files can't be archived, which is retried: " + e.getMessage());
        } finally {
            upkeep.unlock();
        }
    }
}

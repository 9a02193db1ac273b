package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Channels in the memory of this process: what is published is gone when it ends, unless there is a journal. Several
 * servers in one process may share one broker. Nothing blocks; with a journal, publishing waits until the message is
 * written.
 *
 * <p>A publisher's own thread hands the message to the listeners, under the channel's lock, so that the order of the
 * offsets is the order of delivery.
 */
public final class InMemoryBroker implements Broker {
    /** When what was written to a journal is brought to the disk, where even a loss of power leaves it. */
    public enum Fsync {
        /** Every second: a loss of power may cost what was published in the last one. */
        INTERVAL,
        /** Before it is acknowledged. */
        ALWAYS,
        /** When the system likes. */
        NEVER
    }

    private static final Logger LOG = System.getLogger(InMemoryBroker.class.getName());
    private static final long SWEEP_SECONDS = 10;
    private static final long WRITING_SECONDS = 2;
    private static final long ERASING_SECONDS = 3_600;

    private final Retention retention;
    private final long maxBytes;
    private final AtomicLong bytes = new AtomicLong(); // of all histories
    private final ReentrantLock upkeep = new ReentrantLock(); // one thread at a time restores, sweeps or relieves
    private final ConcurrentHashMap<String, InMemoryChannel> channels = new ConcurrentHashMap<>();
    private final Revoked revoked = new Revoked();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Optional<Journal> journal = Optional.empty(); // set once, before the broker is used

    // Of all channels that begin now. As long as nothing is published, such a channel can be forgotten and begin again
    // at the same position; one that is forgotten after that takes the epoch with it.
    private volatile String epoch = newEpoch();

    /** An empty broker, whose histories take a quarter of the heap at the most. */
    public InMemoryBroker(Retention retention) {
        this(retention, Runtime.getRuntime().maxMemory() / 4);
    }

    /**
     * An empty broker.
     *
     * @param maxBytes what all histories together may take, roughly; beyond it the longest lose their older half
     */
    public InMemoryBroker(Retention retention, long maxBytes) {
        this.retention = retention;
        this.maxBytes = maxBytes;
        Thread.ofVirtual().name("broker-retention").start(this::sweep);
    }

    /**
     * A broker with a journal: what it has acknowledged is there again when the directory is opened the next time, after
     * whatever end of the process. Blocks until all has been read.
     *
     * @param directory the journal's own, made where there is none; one process can have it at a time
     * @throws IOException if it can't be read or written, or another process has it
     */
    public static InMemoryBroker open(Retention retention, Path directory, Fsync fsync) throws IOException {
        return open(retention, directory, fsync, Journal.SEGMENT_BYTES);
    }

    /** The same with segments of another size than what is good. */
    static InMemoryBroker open(Retention retention, Path directory, Fsync fsync, long segmentBytes) throws IOException {
        InMemoryBroker broker = new InMemoryBroker(retention);
        Duration keep = retention.age().compareTo(retention.keys()) > 0 ? retention.age() : retention.keys();
        broker.upkeep.lock();
        try {
            broker.restore(directory, new Journal.Options(fsync, keep, retention.archive(), segmentBytes));
            return broker;
        } catch (IOException | RuntimeException | Error e) {
            broker.close();
            throw e;
        } finally {
            broker.upkeep.unlock();
        }
    }

    private void restore(Path directory, Journal.Options options) throws IOException {
        Journal opened = Journal.open(directory, options, this::restore);
        try {
            List<JournalRecord> renewed = new ArrayList<>();
            if (!opened.isComplete()) {
                epoch = newEpoch();
                channels.values()
                        .forEach(channel -> channel.change(it -> it.goOn(epoch).ifPresent(renewed::add)));
            }
            revoked.open(opened.directory());
            opened.begin(epoch, renewed);
        } catch (IOException | RuntimeException | Error e) {
            opened.abandon();
            throw e;
        }
        journal = Optional.of(opened);
    }

    /**
     * Marks a journal's directory as put back from a backup: the next broker that opens it begins new epochs, for clients
     * may know offsets that the copy does not. Changes nothing else, may be repeated, and is on the disk when it returns.
     *
     * @throws IOException if there is no journal, a broker has it open, or the directory can't be written
     */
    public static void markRestored(Path directory) throws IOException {
        try (JournalDirectory journal = JournalDirectory.openExisting(directory)) {
            if (JournalDirectory.all(directory).isEmpty()) {
                throw new NoSuchFileException(directory.toString(), null, "there is no journal");
            }
            journal.markRestored();
        }
    }

    private void restore(JournalRecord record, long segment) {
        switch (record) {
            case JournalRecord.Published published -> {
                Message message = published.message();
                channel(message.channel()).change(it -> it.restore(message, published.key(), segment));
            }
            case JournalRecord.Standing standing ->
                channel(standing.channel()).change(it -> it.restore(standing, segment));
            case JournalRecord.Gone gone -> channel(gone.channel()).change(it -> it.restore(gone, segment));
            case JournalRecord.Start start -> epoch = start.epoch();
            case JournalRecord.Deletion deletion -> forget(deletion, segment);
            case JournalRecord.Erased erased -> {}
            case JournalRecord.Noted noted -> {}
            case JournalRecord.Stop stop -> {}
            case JournalRecord.Damaged damaged -> {}
            case JournalRecord.Sealed sealed -> {}
        }
        relieve();
    }

    private static String newEpoch() {
        return UUID.randomUUID().toString();
    }

    @Override
    public Health health() {
        Optional<String> flaw = journal.filter(Journal::isFailing).map(failing -> "the journal can't be written");
        return new Health(flaw, Optional.of(Duration.ZERO), 0);
    }

    @Override
    public Receipt publish(String channel, String sender, Content content, String key) throws UnavailableException {
        InMemoryChannel.Place place = with(channel, it -> it.place(journal, sender, content, key));
        if (journal.isPresent()) {
            journal.get().hurry();
            awaitWritten(place);
        }
        if (bytes.get() > maxBytes && upkeep.tryLock()) {
            try {
                relieve();
            } finally {
                upkeep.unlock();
            }
        }
        return new Receipt(place.position(), place.duplicate());
    }

    private boolean isClosed() {
        return closed.getCount() == 0;
    }

    private void requireOpen() {
        if (isClosed()) {
            throw new ClosedBrokerException();
        }
    }

    private void awaitWritten(InMemoryChannel.Place place) throws UnavailableException {
        try {
            place.written().get(WRITING_SECONDS, TimeUnit.SECONDS);
            place.channel().deliver();
        } catch (ExecutionException e) {
            throw new UnavailableException(isClosed() ? "the broker is closed" : "the journal can't be written", e);
        } catch (TimeoutException e) {
            deliverLater(place);
            throw new UnavailableException("the journal is not written in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            deliverLater(place);
            throw new UnavailableException("interrupted while the journal is written", e);
        }
    }

    private static void deliverLater(InMemoryChannel.Place place) {
        place.written().thenRun(() -> Thread.startVirtualThread(place.channel()::deliver));
    }

    /** Takes from those who have most, so that nobody can push out what others have said by saying much. */
    private void relieve() {
        while (bytes.get() > maxBytes) {
            Optional<InMemoryChannel> longest =
                    channels.values().stream().max(Comparator.comparingLong(InMemoryChannel::bytes));
            if (longest.isEmpty() || longest.get().bytes() == 0) {
                return;
            }
            longest.get().change(InMemoryChannel::halve);
        }
    }

    @Override
    public Subscription subscribe(String channel, Listener listener) {
        Position start = with(channel, it -> {
            it.listeners().add(listener);
            return it.last();
        });
        return new ClosingOnce(
                start, () -> takeBack(channel, it -> it.listeners().remove(listener)));
    }

    @Override
    public Page historyAfter(String channel, long offset, int limit) throws UnavailableException {
        InMemoryChannel.Held held =
                with(channel, it -> it.page(true, message -> message.position().offset() > offset, limit));
        Page page = held.page();
        Optional<JournalHistory> older = older(held, limit);
        if (older.isEmpty() || offset >= held.first() - 1) {
            return page;
        }
        JournalHistory.Found found = older.get().after(channel, page.position(), offset, held.first(), limit);
        return found.complete() ? joined(found, page, limit) : new Page(page.position(), found.messages());
    }

    @Override
    public Page historyBefore(String channel, long offset, int limit) throws UnavailableException {
        InMemoryChannel.Held held =
                with(channel, it -> it.page(false, message -> message.position().offset() < offset, limit));
        Page page = held.page();
        Optional<JournalHistory> older = older(held, limit - page.messages().size());
        if (older.isEmpty() || offset <= 1) {
            return page;
        }
        long end = Math.min(offset, held.first());
        return joined(
                older.get()
                        .before(
                                channel,
                                page.position(),
                                end,
                                limit - page.messages().size()),
                page,
                limit);
    }

    /** Where to look for what is not in memory, if there can be anything that is wanted. */
    private Optional<JournalHistory> older(InMemoryChannel.Held held, int wanted) {
        return wanted > 0 && held.first() > 1 ? journal.flatMap(Journal::history) : Optional.empty();
    }

    private static Page joined(JournalHistory.Found older, Page page, int limit) {
        List<Message> messages = new ArrayList<>(older.messages());
        messages.addAll(page.messages());
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
            forget(deletion, Long.MAX_VALUE);
            return;
        }
        JournalNote note = new JournalNote(deletion);
        if (!journal.get().offer(note)) {
            throw new UnavailableException(journal.get().refusal(), null);
        }
        journal.get().hurry();
        CompletableFuture<Void> erased =
                note.written().thenCompose(segment -> journal.get().erase(deletion, segment));
        try {
            forget(deletion, note.await(WRITING_SECONDS, TimeUnit.SECONDS));
            erased.get(ERASING_SECONDS, TimeUnit.SECONDS);
        } catch (IOException e) {
            note.written() // if it is after all
                    .thenAccept(segment -> Thread.startVirtualThread(() -> forget(deletion, segment)));
            throw new UnavailableException(e.getMessage(), e);
        } catch (ExecutionException | TimeoutException e) {
            throw new UnavailableException("what is deleted is not gone from the disk yet, it will be", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while the files are rewritten", e);
        }
    }

    private void forget(JournalRecord.Deletion deletion, long segment) {
        if (deletion.channel().isEmpty()) {
            channels.values().forEach(channel -> channel.change(it -> it.delete(deletion::concerns, segment)));
        } else {
            InMemoryChannel present = channels.get(deletion.channel());
            if (present != null) {
                present.change(it -> it.delete(deletion::concerns, segment));
            }
        }
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
    public void join(String channel, String client) {
        with(channel, it -> {
            it.join(client);
            return it;
        });
    }

    @Override
    public void leave(String channel, String client) {
        takeBack(channel, it -> it.leave(client));
    }

    @Override
    public void revoke(String user, long time) throws UnavailableException {
        requireOpen();
        revoked.add(user, time);
    }

    @Override
    public Map<String, Long> revocations() {
        requireOpen();
        return revoked.all();
    }

    @Override
    public Map<String, Integer> members(String channel) {
        return with(channel, InMemoryChannel::members);
    }

    @Override
    public void close() {
        closed.countDown();
        revoked.close(); // before another process may have the directory
        journal.ifPresent(Journal::close);
        channels.values().forEach(channel -> channel.change(InMemoryChannel::end));
        channels.clear();
    }

    /** Takes something back, which closing the broker does as well. */
    private void takeBack(String channel, Consumer<InMemoryChannel> what) {
        ifOpen(channel, it -> {
            what.accept(it);
            return it;
        });
    }

    private InMemoryChannel channel(String name) {
        return channels.computeIfAbsent(name, absent -> new InMemoryChannel(absent, epoch, retention, bytes));
    }

    private <T> T with(String name, Function<InMemoryChannel, T> what) {
        return ifOpen(name, what).orElseThrow(ClosedBrokerException::new);
    }

    /** Does something in a channel, which is made if it does not exist; nothing, if the broker is closed. */
    private <T> Optional<T> ifOpen(String name, Function<InMemoryChannel, T> what) {
        while (true) {
            InMemoryChannel channel = channel(name);
            if (isClosed()) { // asked once the channel is where closing finds it, and ends it
                channels.remove(name, channel);
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
        Loop.run(LOG, "the retention of an in-memory broker", () -> closed.getCount() > 0, () -> {
            if (!closed.await(SWEEP_SECONDS, TimeUnit.SECONDS)) {
                sweepOnce();
            }
        });
    }

    /** Forgets channels that are no longer used, and puts old segments of the journal away. */
    void sweepOnce() throws InterruptedException {
        upkeep.lock();
        try {
            channels.values().forEach(InMemoryChannel::deliver); // what a publisher could not, for lack of memory
            channels.values().removeIf(channel -> channel.use(this::isOver).orElse(true));
            if (journal.isPresent()) {
                JournalRetirement.retire(journal.get(), channels.values());
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "old journal files can't be put away: " + e.getMessage());
        } finally {
            upkeep.unlock();
        }
    }

    private boolean isOver(InMemoryChannel channel) {
        if (!channel.isUnused()) {
            return false;
        }
        boolean renewed = channel.last().offset() == 0 || beginEpoch(); // before the channel can begin again
        return renewed && channel.forget(); // else later, when less waits for the journal
    }

    /** Gives channels that begin from now on another epoch. Returns false, without effect, if the journal does not take it. */
    private boolean beginEpoch() {
        String next = newEpoch();
        boolean noted = journal.isEmpty()
                || journal.get().offer(new JournalNote(journal.get().start(next)));
        epoch = noted ? next : epoch;
        return noted;
    }
}

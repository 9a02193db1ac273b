package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.PendingRecord;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.options.CurrentOptions;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * The channels of an in-memory broker, which begin when they are first used, and the epoch in which they begin. A channel in which
 * nothing was published can be removed and begin again at the same position. Before any other channel is removed, the epoch
 * changes. Any thread; does not block.
 */
final class ChannelTable {
    private static final int POSITIONS = 1_000; // removed at a time
    private static final int HISTORIES = 100; // looked at, until one has something to free
    private static final long PAUSE_NANOS = 1_000_000;

    private final Retention retention;
    private final CurrentOptions options;
    private final MemoryBudget memory;
    private final ChannelDirectory<InMemoryChannel> directory;
    private final ChannelSizes<InMemoryChannel> sizes = new ChannelSizes<>();
    private final ConcurrentHashMap<String, InMemoryChannel> channels = new ConcurrentHashMap<>();
    private final ReentrantLock beginning = new ReentrantLock(); // guards changes of the epoch
    private volatile String epoch = newEpoch(); // of new channels
    private volatile Optional<Journal> journal = Optional.empty(); // set once, before the broker is used
    private volatile boolean closed;

    ChannelTable(
            Retention retention,
            CurrentOptions options,
            MemoryBudget memory,
            ChannelDirectory<InMemoryChannel> directory) {
        this.retention = retention;
        this.options = options;
        this.memory = memory;
        this.directory = directory;
    }

    /** Returns the name of an epoch that never was. */
    static String newEpoch() {
        return UUID.randomUUID().toString();
    }

    /** Writes each further epoch to a journal. */
    void writeTo(Journal opened) {
        journal = Optional.of(opened);
    }

    /** Returns the epoch of new channels. */
    String epoch() {
        return epoch;
    }

    /** Sets the epoch of new channels, which a journal has already. */
    void beginIn(String next) {
        epoch = next;
    }

    long count() {
        return channels.mappingCount();
    }

    Collection<InMemoryChannel> all() {
        return channels.values();
    }

    /** Returns a channel, if it has begun. */
    Optional<InMemoryChannel> find(String name) {
        return Optional.ofNullable(channels.get(name));
    }

    /** Returns a channel, which begins if it has not. */
    InMemoryChannel get(String name) {
        return channels.computeIfAbsent(
                name, absent -> new InMemoryChannel(absent, epoch, retention, options, memory, sizes, directory));
    }

    /** Applies a function to a channel, with its lock. Throws if the broker is closed. */
    <T> T with(String name, Function<InMemoryChannel, T> what) {
        return ifOpen(name, what).orElseThrow(ClosedBrokerException::new);
    }

    /** Applies a function to a channel, which is created if it does not exist. Does nothing if the broker is closed. */
    <T> Optional<T> ifOpen(String name, Function<InMemoryChannel, T> what) {
        while (true) {
            InMemoryChannel channel = get(name);
            if (closed) { // checked when close() can already find the channel
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

    /**
     * Shortens the longest histories, so that a client that publishes much can't displace the messages of others. What can't
     * be freed before the journal has written it counts as freed for a second.
     */
    long relieveHistories(long bytes) {
        List<InMemoryChannel> largest = sizes.largest(HISTORIES);
        for (InMemoryChannel channel : largest) {
            long held = memory.used(MemoryBudget.Part.HISTORIES);
            long freed = channel.use(it -> it.relieve(journal))
                    .orElse(1L); // it has just been removed, with everything that it held
            journal.ifPresent(Journal::flushOrWake);
            if (freed > 0) {
                if (memory.used(MemoryBudget.Part.HISTORIES) >= held) {
                    LockSupport.parkNanos(this, PAUSE_NANOS); // for the journal, before this is called again
                }
                return freed;
            }
        }
        return largest.isEmpty() && journal.flatMap(Journal::history).isPresent() ? relievePositions(bytes) : 0;
    }

    /** Removes unused channels that hold nothing. If one is used again, it begins in a new epoch. */
    long relievePositions(long bytes) {
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

    /** Removes the channels that have been unused for long. */
    void removeExpired() {
        channels.values().removeIf(channel -> channel.use(this::isExpired).orElse(true));
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

    /** Begins no channel any more, so that those that there are can be ended. */
    void close() {
        closed = true;
    }

    /** Ends all channels. */
    void end() {
        channels.values().forEach(channel -> channel.change(InMemoryChannel::end));
        channels.clear();
    }
}

package io.seleucia.chat.session;

import io.seleucia.chat.concurrent.FairGate;
import io.seleucia.chat.concurrent.RefCountedMap;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Network;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * The {@link Source} of each account and network that has connections. One without connections is kept while its quotas
 * refill, so that connecting anew gains nothing. The number of those is bounded, and the oldest go first. Any thread;
 * nothing blocks.
 */
public final class Sources implements AutoCloseable {
    private static final int MAX_RESTING = 10_000;
    private static final int LOOKS = 8; // at resting ones, with each new one
    private static final int BURST_OF_NEW_CHANNELS = 20; // minutes: after a restart, all channels are new

    private static final int NEW_NAMES = 100; // a minute
    private static final int BURST_OF_NEW_NAMES = 1_000; // an office behind one address may come back at once
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
    private static final int LARGE_AT_ONCE = Math.max(1, PROCESSORS / 2); // the others are for short messages
    private static final int PAGES_AT_ONCE = 4 * PROCESSORS; // most of them wait for the broker

    private final Source.Limits limits;
    private final MemoryBudget memory;
    private final RefCountedMap<String, Source> sources = new RefCountedMap<>();
    private final ReentrantLock lock = new ReentrantLock(); // guards the next; taken within the map's steps
    private final LinkedHashMap<String, Source> resting = new LinkedHashMap<>(); // without connections, oldest first
    private volatile boolean closed; // set under the lock
    private final SenderRates senders;
    private final FairGate<Source> large =
            new FairGate<>(LARGE_AT_ONCE, Math.max(1, LARGE_AT_ONCE / 2), Integer.MAX_VALUE);
    private final FairGate<Source> pages = new FairGate<>(PAGES_AT_ONCE, PAGES_AT_ONCE / 2, Integer.MAX_VALUE);
    private final LongAdder[] refusals =
            Stream.generate(LongAdder::new).limit(Quota.values().length).toArray(LongAdder[]::new);

    /**
     * Creates sources, none yet.
     *
     * @param limits the limit of each quota of a source; 0 for no limit
     * @param queueBytes the bound of one outbound queue, half of which a source may fill at once
     */
    public Sources(Map<Quota, Integer> limits, int queueBytes, MemoryBudget memory) {
        this.memory = memory;
        this.senders = new SenderRates(memory);
        int perSecond = limits.get(Quota.MESSAGES);
        int perDay = limits.get(Quota.DAILY_BYTES);
        int begun = limits.get(Quota.NEW_CHANNELS);
        int unknown = limits.get(Quota.UNKNOWN_NAMES);
        int perChannel = limits.get(Quota.CHANNEL_MESSAGES);
        long second = TimeUnit.SECONDS.toNanos(1);
        long minute = TimeUnit.MINUTES.toNanos(1);
        Map<Quota, Bucket.Rate> rates = Map.of(
                Quota.MESSAGES, Bucket.Rate.of(perSecond, second, 2L * perSecond),
                Quota.BYTES, Bucket.Rate.of(limits.get(Quota.BYTES), second, queueBytes / 2),
                Quota.DAILY_BYTES, Bucket.Rate.of(perDay, TimeUnit.DAYS.toNanos(1), perDay),
                Quota.NEW_CHANNELS, Bucket.Rate.of(begun, minute, (long) BURST_OF_NEW_CHANNELS * begun),
                Quota.NEW_NAMES, Bucket.Rate.of(begun == 0 ? 0 : NEW_NAMES, minute, BURST_OF_NEW_NAMES),
                Quota.UNKNOWN_NAMES, Bucket.Rate.of(unknown, minute, unknown / 2),
                Quota.CHANNEL_MESSAGES, Bucket.Rate.of(perChannel, minute, perChannel / 2));
        this.limits = new Source.Limits(
                new EnumMap<>(rates), orEndless(limits.get(Quota.CHANNELS)), orEndless(limits.get(Quota.QUEUED_BYTES)));
    }

    private static int orEndless(int limit) {
        return limit == 0 ? Integer.MAX_VALUE : limit;
    }

    /**
     * Returns the name of the source of a session, for {@link #enter}.
     *
     * @param connection the connection's own name: a peer without an address counts alone
     * @param address the peer's address and port
     */
    static String nameOf(Optional<Login> login, String connection, String address) {
        if (login.isPresent()) {
            return "@" + login.get().user().name();
        }
        int port = address.lastIndexOf(':');
        return port < 0 ? connection : Network.textOf(address.substring(0, port));
    }

    /** Counts a refusal because a quota was used up. */
    void refused(Quota quota) {
        refusals[quota.ordinal()].increment();
    }

    /** Returns the number of refused requests and connections for each quota. */
    public Map<Quota, Long> refusals() {
        Map<Quota, Long> totals = new EnumMap<>(Quota.class);
        for (Quota quota : Quota.values()) {
            totals.put(quota, refusals[quota.ordinal()].sum());
        }
        return totals;
    }

    /** Returns the rates of senders in channels that limit them. */
    SenderRates senders() {
        return senders;
    }

    /** Returns the gate for work with large messages, at which sources take turns: one with many delays only itself. */
    FairGate<Source> large() {
        return large;
    }

    /** Returns the gate for reading pages of histories, at which sources take turns too. */
    FairGate<Source> pages() {
        return pages;
    }

    /** Counts a connection of a source. */
    Source enter(String name) {
        long now = System.nanoTime();
        return sources.acquire(name, key -> takeRested(key).orElseGet(() -> new Source(key, limits, memory, now)));
    }

    /** Returns a source that was kept without connections, if there is one. */
    private Optional<Source> takeRested(String name) {
        lock.lock();
        try {
            return Optional.ofNullable(resting.remove(name));
        } finally {
            lock.unlock();
        }
    }

    /** Notes that a connection of a source has ended. */
    void leave(String name) {
        long now = System.nanoTime();
        sources.get(name)
                .ifPresent(source -> sources.release(name, source, last -> {
                    if (last.isFull(now) || closed) {
                        last.end();
                    } else {
                        keep(name, last, now);
                    }
                }));
    }

    private void keep(String name, Source source, long now) {
        lock.lock();
        try {
            Iterator<Source> oldest = resting.values().iterator();
            for (int i = 0; i < LOOKS && oldest.hasNext(); i++) {
                Source one = oldest.next();
                if (one.isFull(now) || resting.size() >= MAX_RESTING || memory.isTight()) {
                    oldest.remove();
                    one.end();
                }
            }
            source.rest(now);
            if (closed) {
                source.end();
            } else {
                resting.put(name, source);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Forgets the sources without connections, and from now on each whose last connection ends. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            senders.close();
            resting.values().forEach(Source::end);
            resting.clear();
        } finally {
            lock.unlock();
        }
    }

    /** Returns the number of sources that are kept without connections. */
    int resting() {
        lock.lock();
        try {
            return resting.size();
        } finally {
            lock.unlock();
        }
    }
}

package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.Names;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;

/**
 * The clients in channels on this server, and their entries in Redis. The counts here decide: an entry that could not
 * be written is written with the count of that time, once Redis is back.
 *
 * <p>Entries expire, and are renewed many at a time. A renewal also compares them, and writes those again that differ.
 * One heartbeat of this server covers all its entries; those of dead servers do not count, and are removed from
 * channels that have members here.
 *
 * <p>Threads: {@code redis-heartbeat} gives heartbeats, {@code redis-members} writes entries that could not be written,
 * {@code redis-sweep} removes those of dead servers, {@code redis-renewal} renews all, and sweeps a few channels.
 */
final class Presence implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Presence.class.getName());
    private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(1_500);
    private static final Duration ROUND = Duration.ofMillis(500);
    private static final int ROUNDS_OF_A_HEARTBEAT = 10;
    private static final int MAX_WRITES = 512; // at the same time
    private static final int MEMBER_BYTES = 120; // with its entry in a map, besides its name
    private static final int PENDING_SHARE = 10; // the part of the budget up to which absent members stay pending
    private static final int BATCH = 250; // entries in one round trip
    private static final int SWEPT_PART_BITS = 5;
    private static final int SWEPT_PARTS = 1 << SWEPT_PART_BITS; // renewals in which all channels are swept once
    private static final int SPREADING = 0x9E37_79B9; // makes the highest bits of a hash depend on all

    private record Member(String channel, String client) {
        boolean inInbox() {
            return Names.isInbox(channel);
        }
    }

    /** The entry of a member in its channel's hash, or in its client's hash. */
    private record Kind(
            Predicate<Member> covers,
            Function<Member, String> name,
            Function<Member, String> field,
            UnaryOperator<Map<String, List<String>>> renewal,
            BiPredicate<Member, String> correct,
            Sweep sweep) {}

    private interface Sweep {
        void sweep(String name, int members) throws UnavailableException;
    }

    /** The state in Redis of an entry that has yet to be written. */
    private enum InRedis {
        /** No entry: if the member leaves before one is written, there is nothing to write. */
        NOTHING,
        /** Perhaps an entry. */
        UNKNOWN
    }

    private final String serverId;
    private final PresenceStore store;
    private final PresenceTiming timing;
    private final Heartbeats heartbeats;
    private final Kind ofChannels;
    private final Kind ofClients;
    private final ConcurrentHashMap<Member, Integer> sessions = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Member, InRedis> pending = new ConcurrentHashMap<>();
    private final MemoryBudget memory; // members and pending entries are charged to it
    private final AtomicLong pendingBytes = new AtomicLong();
    private final ConcurrentHashMap<String, Integer> unsweptChannels = new ConcurrentHashMap<>(); // clients here
    private final Set<String> unsweptClients = ConcurrentHashMap.newKeySet();
    private final MembersCache cache;
    private final Bulkhead<UnavailableException> writes = Commands.bulkhead(MAX_WRITES);
    private volatile boolean invalid; // Redis may have lost entries
    private volatile boolean sweepDue; // servers have died, or Redis was restored from a backup
    private int renewals; // the renewing thread's own
    private final CountDownLatch closed = new CountDownLatch(1);

    /** @param clock as {@link System#nanoTime} */
    Presence(String serverId, PresenceStore store, PresenceTiming timing, LongSupplier clock, MemoryBudget memory) {
        this.serverId = serverId;
        this.store = store;
        this.timing = timing;
        this.memory = memory;
        cache = new MembersCache(memory);
        heartbeats = new Heartbeats(serverId, store, timing, clock);
        ofChannels = new Kind(
                member -> true,
                Member::channel,
                Member::client,
                clients -> store.renewMembers(clients, timing.lifetime()),
                this::isCorrect,
                this::sweepChannel);
        ofClients = new Kind(
                member -> !member.inInbox(),
                Member::client,
                Member::channel,
                channels -> store.renewClients(channels, timing.lifetime()),
                (member, entry) -> entry != null,
                (client, members) -> sweepClient(client));
    }

    void start() {
        Duration look = timing.beat().dividedBy(ROUNDS_OF_A_HEARTBEAT);
        start("redis-heartbeat", "the heartbeat of this server in Redis", look, this::beat);
        start("redis-members", "writing presence entries", ROUND, this::repair);
        start("redis-sweep", "removing presence entries of dead servers", ROUND, this::sweep);
        start("redis-renewal", "renewing presence entries", Duration.ZERO, () -> renew(timing.renewal()));
    }

    private void start(String thread, String what, Duration pause, Loop.Step step) {
        Thread.ofVirtual().name(thread).start(() -> Loop.every(pause, LOG, what, closed, step));
    }

    /** Counts one more session of a client in a channel. Blocks while that is written. */
    void join(String channel, String client) {
        Member member = new Member(channel, client);
        boolean first = sessions.merge(member, 1, Integer::sum) == 1;
        if (first) {
            memory.charge(Part.CHANNELS, bytes(member));
        }
        setPending(member, first ? InRedis.NOTHING : InRedis.UNKNOWN); // unless more is known of it already
        write(member);
    }

    /** Counts one session fewer. Blocks while that is written. */
    void leave(String channel, String client) {
        Member member = new Member(channel, client);
        sessions.computeIfPresent(member, (key, n) -> {
            if (n > 1) {
                return n - 1;
            }
            memory.charge(Part.CHANNELS, -bytes(member));
            return null;
        });
        if (!removeIfNeverWritten(member)) {
            setPending(member, InRedis.UNKNOWN);
            write(member);
        }
    }

    /** Makes an entry pending. If very many are, one of a member that has left is dropped, and all are swept. */
    private void setPending(Member member, InRedis known) {
        if (count(member) == 0 && pendingBytes.get() > memory.limit() / PENDING_SHARE) {
            sweepDue = true;
        } else if (pending.putIfAbsent(member, known) == null) {
            chargePending(bytes(member));
        }
    }

    private void removePending(Member member) {
        if (pending.remove(member) != null) {
            chargePending(-bytes(member));
        }
    }

    /** Returns whether a member has left before anything was written about it, and so is no longer pending. */
    private boolean removeIfNeverWritten(Member member) {
        boolean removed = count(member) == 0 && pending.remove(member, InRedis.NOTHING);
        if (removed) {
            chargePending(-bytes(member));
            if (count(member) > 0) {
                setPending(member, InRedis.NOTHING); // it came back meanwhile, and was still pending then
            }
        }
        return removed;
    }

    private void chargePending(long bytes) {
        pendingBytes.addAndGet(bytes);
        memory.charge(Part.WAITING, bytes);
    }

    private static long bytes(Member member) {
        return MEMBER_BYTES + Sizes.ofText(member.client);
    }

    /** Returns a page of the clients in a channel. Redis has no order, so all pages come from one cached copy. */
    Broker.Members page(String channel, String after, int limit) throws UnavailableException {
        NavigableMap<String, Integer> clients =
                after.isEmpty() ? null : cache.get(channel).orElse(null);
        if (clients == null) {
            clients = clients(channel);
        }
        if (clients.size() > limit) {
            cache.put(channel, clients);
        }
        return Broker.Members.of(clients, after, limit);
    }

    /** Reads the clients in a channel, on all servers that are not dead, each with its number of sessions. */
    NavigableMap<String, Integer> clients(String channel) throws UnavailableException {
        return store.members(channel, heartbeats.dead());
    }

    /** Returns the dead servers, as scripts take them. */
    String deadServers() {
        return heartbeats.dead();
    }

    /** Has all entries compared soon, because Redis may have lost some. */
    void invalidate() {
        invalid = true;
    }

    /** Writes an entry, again if the count changes meanwhile, so that the last writer writes the last count. */
    private void write(Member member) {
        if (!store.isUp(member.channel)) {
            return;
        }
        try {
            writes.enter();
        } catch (UnavailableException e) {
            return; // it is still pending
        }
        if (pending.put(member, InRedis.UNKNOWN) == null) {
            chargePending(bytes(member));
        }
        try {
            heartbeats.enlist();
            int written;
            do {
                written = count(member);
                store.write(member.channel, serverId, member.client, written, timing.lifetime(), heartbeats.dead());
            } while (written != count(member));
            removePending(member);
            if (written != count(member)) {
                setPending(member, InRedis.UNKNOWN); // changed by a thread that still found it pending
            }
        } catch (UnavailableException e) { // which RedisHealth has logged
            removePending(member);
            setPending(member, InRedis.UNKNOWN); // again, as another thread may have removed it
        } finally {
            writes.leave();
        }
    }

    private int count(Member member) {
        return sessions.getOrDefault(member, 0);
    }

    /** Gives a heartbeat if one is due. */
    void beat() {
        try {
            Heartbeats.Changes changes = heartbeats.beat();
            if (changes.lost()) {
                invalid = true;
            }
            if (changes.leftovers()) {
                sweepDue = true;
            }
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "a heartbeat is due: " + e.getMessage());
        }
    }

    /** Writes the entries that could not be written, and those that Redis has lost. */
    void repair() throws InterruptedException {
        if (invalid) {
            invalid = false;
            renew(ofChannels, Duration.ZERO, channel -> false);
            renew(ofClients, Duration.ZERO, client -> false);
        }
        writePending();
    }

    private void writePending() {
        forEach(pending.keySet(), this::write);
    }

    /** Removes entries of dead servers from channels that have members here. Elsewhere they expire. */
    void sweep() throws InterruptedException {
        cache.removeOld();
        if (sweepDue) {
            sweepDue = false;
            sessions.keySet().forEach(member -> {
                unsweptChannels.merge(member.channel, 1, Integer::sum);
                if (!member.inInbox()) {
                    unsweptClients.add(member.client);
                }
            });
        }
        sweepPaced(unsweptChannels.keySet(), channel -> unsweptChannels.getOrDefault(channel, 0), this::sweepChannel);
        sweepPaced(unsweptClients, client -> 0, (client, members) -> sweepClient(client));
    }

    private void sweepPaced(Collection<String> unswept, ToIntFunction<String> members, Sweep sweep)
            throws InterruptedException {
        if (!unswept.isEmpty()) {
            PacedScan.go(
                    unswept,
                    timing.sweeping(),
                    closed,
                    names -> sweepAll(names, members, (name, n) -> {
                        sweep.sweep(name, n);
                        unswept.remove(name);
                    }));
        }
    }

    private static void sweepAll(List<String> names, ToIntFunction<String> members, Sweep sweep) {
        forEach(names, name -> {
            try {
                sweep.sweep(name, members.applyAsInt(name));
            } catch (UnavailableException e) {
                LOG.log(Level.DEBUG, () -> "sweeping later: " + e.getMessage());
            }
        });
    }

    /** Sweeps a channel, also of this server's own entries for clients that are not here. */
    private void sweepChannel(String channel, int members) throws UnavailableException {
        PresenceStore.Swept swept = store.sweep(channel, timing.lifetime(), heartbeats.dead(), serverId, members);
        heartbeats.meet(swept.servers());
        swept.own().stream()
                .map(client -> new Member(channel, client))
                .filter(member -> count(member) == 0)
                .forEach(member -> setPending(member, InRedis.UNKNOWN));
    }

    /** Sweeps the channels in which a client was on a dead server only. Those with members here are swept anyway. */
    private void sweepClient(String client) throws UnavailableException {
        for (String channel : store.channels(client)) {
            if (!sessions.containsKey(new Member(channel, client))
                    && !store.isPresent(channel, client, heartbeats.dead())) {
                sweepChannel(channel, 0);
                store.removeChannel(client, channel, timing.lifetime());
            }
        }
    }

    /** Handles many items at a time, and blocks until that is done. Failures are logged. */
    private static <T> void forEach(Collection<T> items, Consumer<T> task) {
        Loop.attemptEach(LOG, item -> "a presence entry in Redis", items, MAX_WRITES, task);
    }

    /**
     * Renews all entries, and has those written again that differ. Also sweeps a part of the channels, for entries that
     * no sweep after a death has found.
     *
     * @param duration the time for the channels, and then for the clients
     */
    void renew(Duration duration) throws InterruptedException {
        int part = renewals++ % SWEPT_PARTS;
        Predicate<String> swept = name -> name.hashCode() * SPREADING >>> Integer.SIZE - SWEPT_PART_BITS == part;
        renew(ofChannels, duration, swept);
        renew(ofClients, duration, swept);
    }

    private void renew(Kind kind, Duration duration, Predicate<String> swept) throws InterruptedException {
        Map<String, List<Member>> members = new HashMap<>();
        sessions.keySet().stream()
                .filter(kind.covers)
                .forEach(member -> members.computeIfAbsent(kind.name.apply(member), name -> new ArrayList<>(1))
                        .add(member));
        PacedScan.go(members.keySet(), duration, closed, names -> {
            renew(kind, names, members);
            sweepAll(
                    names.stream().filter(swept).toList(),
                    name -> members.get(name).size(),
                    kind.sweep);
        });
    }

    private void renew(Kind kind, List<String> names, Map<String, List<Member>> members) {
        Map<String, List<Member>> batch = new HashMap<>();
        int size = 0;
        for (String name : names) {
            List<Member> all = members.get(name);
            for (int from = 0; from < all.size(); from += BATCH) {
                List<Member> some = all.subList(from, Math.min(from + BATCH, all.size()));
                batch.put(name, some);
                size += some.size();
                if (size >= BATCH) {
                    renew(kind, batch);
                    batch.clear();
                    size = 0;
                }
            }
        }
        renew(kind, batch);
    }

    private void renew(Kind kind, Map<String, List<Member>> batch) {
        Map<String, List<String>> fields = new HashMap<>();
        batch.forEach((name, members) ->
                fields.put(name, members.stream().map(kind.field).toList()));
        Map<String, List<String>> entries = kind.renewal.apply(fields);
        batch.forEach((name, members) -> {
            List<String> found = entries.get(name);
            for (int i = 0; i < members.size(); i++) {
                if (found == null || !kind.correct.test(members.get(i), found.get(i))) {
                    setPending(members.get(i), InRedis.UNKNOWN);
                }
            }
        });
    }

    /** Returns whether a channel's entry is correct. If the member has left, {@link #leave} writes it. */
    private boolean isCorrect(Member member, String entry) {
        int count = count(member);
        return count == 0 || entry != null && (" " + entry + " ").contains(" " + serverId + "=" + count + " ");
    }

    /** Removes all entries of this server, as far as there is time. Other servers sweep the rest, or it expires. */
    @Override
    public void close() {
        closed.countDown();
        sessions.keySet().forEach(member -> {
            setPending(member, InRedis.UNKNOWN);
            memory.charge(Part.CHANNELS, -bytes(member));
        });
        sessions.clear();
        cache.clear();
        Thread closing = Thread.ofVirtual().name("redis-members-end").start(() -> {
            writePending();
            try {
                if (pending.isEmpty()) {
                    heartbeats.end();
                }
            } catch (UnavailableException e) {
                LOG.log(Level.DEBUG, () -> "this server stays listed until it counts as dead: " + e.getMessage());
            }
        });
        try {
            closing.join(CLOSE_TIMEOUT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        pending.keySet().forEach(this::removePending);
    }
}

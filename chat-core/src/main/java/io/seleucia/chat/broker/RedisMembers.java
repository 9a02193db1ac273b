package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Names;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Which clients are in which channels on this server, and the copy of it in Redis. What is counted here is what ought to
 * stand there: a note that could not be written is written as it is then, once Redis is back.
 *
 * <p>Notes stand for a while, and are renewed many at a time. Renewal also compares: notes that do not stand as they
 * ought to are written again. That this server lives it says once for all of them; those of a
 * server that is dead count no more, and are taken away in the channels that have members here.
 *
 * <p>Threads: {@code redis-life} gives heartbeats, {@code redis-members} writes what could not be written, {@code
 * redis-sweeping} takes away what the dead have left, {@code redis-renewal} renews, and sweeps a few channels each time.
 */
final class RedisMembers implements AutoCloseable {
    private static final Logger LOG = System.getLogger(RedisMembers.class.getName());
    private static final Duration FAREWELL = Duration.ofMillis(1_500);
    private static final long ROUND_MILLIS = 500;
    private static final int ROUNDS_OF_A_HEARTBEAT = 10;
    private static final int AT_ONCE = 512; // written at the same time
    private static final int BATCH = 250; // notes looked at in one question
    private static final int PATROL_BITS = 5;
    private static final int SPREADING = 0x9E37_79B9; // makes the highest bits of a hash depend on all
    private static final int PATROL = 1 << PATROL_BITS; // rounds of renewal in which all channels are swept once

    private record Member(String channel, String client) {
        boolean inInbox() {
            return Names.isInbox(channel);
        }
    }

    /** One of the two notes that there are of a member: that of the channel, or that of the client. */
    private record Kind(
            Predicate<Member> noted,
            Function<Member, String> name,
            Function<Member, String> field,
            Renewal renewal,
            BiPredicate<Member, String> stands) {}

    private interface Renewal {
        Map<String, List<String>> renew(Map<String, List<String>> fields, Duration lifetime);
    }

    private final String node;
    private final RedisNotes notes;
    private final RedisPace pace;
    private final RedisPeers peers;
    private final Kind ofChannels;
    private final Kind ofClients;
    private final ConcurrentHashMap<Member, Integer> sessions = new ConcurrentHashMap<>();
    private final Set<Member> unwritten = ConcurrentHashMap.newKeySet();
    private final ConcurrentHashMap<String, Integer> unsweptChannels = new ConcurrentHashMap<>(); // clients here
    private final Set<String> unsweptClients = ConcurrentHashMap.newKeySet();
    private final RedisTurnstile writing = new RedisTurnstile(AT_ONCE);
    private volatile boolean doubtful; // whether all that is noted is there
    private volatile boolean leftovers; // of servers that have died, or of a Redis that was put back
    private int patrol; // the renewing thread's own
    private final CountDownLatch closed = new CountDownLatch(1);

    /**
     * @param node this server's name
     * @param clock as {@link System#nanoTime}
     */
    RedisMembers(String node, RedisNotes notes, RedisPace pace, LongSupplier clock) {
        this.node = node;
        this.notes = notes;
        this.pace = pace;
        peers = new RedisPeers(node, notes, pace, clock);
        ofChannels = new Kind(member -> true, Member::channel, Member::client, notes::renewMembers, this::stands);
        ofClients = new Kind(
                member -> !member.inInbox(),
                Member::client,
                Member::channel,
                notes::renewClients,
                (member, noted) -> noted != null);
    }

    /** Begins to keep the copy up to date. */
    void start() {
        Duration look = pace.beat().dividedBy(ROUNDS_OF_A_HEARTBEAT);
        begin("redis-life", "the heartbeat of this server in Redis", look, this::live);
        begin("redis-members", "keeping notes of members in Redis", Duration.ofMillis(ROUND_MILLIS), this::keep);
        begin("redis-sweeping", "sweeping notes of dead servers", Duration.ofMillis(ROUND_MILLIS), this::sweep);
        begin("redis-renewal", "renewing notes of members", Duration.ZERO, () -> renew(pace.renewal()));
    }

    private void begin(String thread, String what, Duration pause, Loop.Step step) {
        Thread.ofVirtual()
                .name(thread)
                .start(() -> Loop.run(LOG, what, () -> closed.getCount() > 0, () -> {
                    if (!closed.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
                        step.run();
                    }
                }));
    }

    /** Counts one more session of a client in a channel. Blocks while that is written. */
    void join(String channel, String client) {
        Member member = new Member(channel, client);
        sessions.merge(member, 1, Integer::sum);
        write(member);
    }

    /** Counts one session fewer. Blocks while that is written. */
    void leave(String channel, String client) {
        Member member = new Member(channel, client);
        sessions.computeIfPresent(member, (key, n) -> n == 1 ? null : n - 1);
        write(member);
    }

    /** The clients in a channel on all servers that are not dead, each with its sessions. */
    Map<String, Integer> of(String channel) throws UnavailableException {
        return notes.members(channel, peers.dead());
    }

    /** Redis may have forgotten some notes, or all. */
    void doubt() {
        doubtful = true;
    }

    /** Writes what stands here, again if it has changed meanwhile, so that the last writer writes the last state. */
    private void write(Member member) {
        unwritten.add(member);
        if (!notes.isUp(member.channel)) {
            return;
        }
        try {
            writing.enter();
        } catch (UnavailableException e) {
            return; // and is written later
        }
        try {
            peers.enlist();
            int written;
            do {
                written = count(member);
                notes.note(member.channel, node, member.client, written, pace.lifetime(), peers.dead());
            } while (written != count(member));
            unwritten.remove(member);
            if (written != count(member)) {
                unwritten.add(member); // as the one has done who has changed it since, and whose mark is gone now
            }
        } catch (UnavailableException e) {
            unwritten.add(member); // again, for another may have removed it. Redis' health has told the log
        } finally {
            writing.leave();
        }
    }

    private int count(Member member) {
        return sessions.getOrDefault(member, 0);
    }

    /** Gives a heartbeat if one is due. */
    void live() {
        try {
            RedisPeers.News news = peers.beat();
            if (news.forgotten()) {
                doubtful = true;
            }
            if (news.leftovers()) {
                leftovers = true;
            }
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "a heartbeat is due: " + e.getMessage());
        }
    }

    /** Writes what could not be written, and what is no longer there. */
    void keep() throws InterruptedException {
        if (doubtful) {
            doubtful = false;
            go(ofChannels, Duration.ZERO, channels -> {});
            go(ofClients, Duration.ZERO, clients -> {});
        }
        catchUp();
    }

    /** Writes what could not be written. */
    private void catchUp() {
        forEach(unwritten, this::write);
    }

    /** Takes away what the dead have left, where somebody is here to see it; elsewhere it ends by itself. */
    void sweep() throws InterruptedException {
        if (leftovers) {
            leftovers = false;
            sessions.keySet().forEach(member -> {
                unsweptChannels.merge(member.channel, 1, Integer::sum);
                if (!member.inInbox()) {
                    unsweptClients.add(member.client);
                }
            });
        }
        if (!unsweptChannels.isEmpty()) {
            RedisRound.go(
                    unsweptChannels.keySet(),
                    pace.sweeping(),
                    closed,
                    channels -> forEach(
                            channels,
                            channel -> sweep(channel, this::sweepChannel, () -> unsweptChannels.remove(channel))));
        }
        if (!unsweptClients.isEmpty()) {
            RedisRound.go(
                    unsweptClients,
                    pace.sweeping(),
                    closed,
                    clients -> forEach(
                            clients, client -> sweep(client, this::sweepClient, () -> unsweptClients.remove(client))));
        }
    }

    private void sweepChannel(String channel) throws UnavailableException {
        sweep(channel, unsweptChannels.getOrDefault(channel, 0));
    }

    /** Sweeps a channel, and takes back what is noted of clients that are not here, as in a Redis that was put back. */
    private void sweep(String channel, int clients) throws UnavailableException {
        RedisNotes.Swept swept = notes.sweep(channel, pace.lifetime(), peers.dead(), node, clients);
        peers.meet(swept.nodes());
        swept.own().stream()
                .map(client -> new Member(channel, client))
                .filter(member -> count(member) == 0)
                .forEach(unwritten::add);
    }

    /** A client's channels in which it was on a dead server, and nobody is here: those that are here are swept anyway. */
    private void sweepClient(String client) throws UnavailableException {
        for (String channel : notes.channels(client)) {
            if (!sessions.containsKey(new Member(channel, client)) && !notes.lives(channel, client, peers.dead())) {
                sweep(channel, 0);
                notes.removeChannel(client, channel, pace.lifetime());
            }
        }
    }

    /** Does something with each, many at a time, and waits until it is done; an error is logged, and nothing else. */
    private static <T> void forEach(Collection<T> all, Consumer<T> what) {
        if (all.isEmpty()) {
            return;
        }
        Semaphore free = new Semaphore(AT_ONCE);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (T one : all) {
                free.acquireUninterruptibly();
                threads.execute(() -> {
                    Loop.attempt(LOG, "a note in Redis", () -> what.accept(one));
                    free.release();
                });
            }
        }
    }

    /**
     * Has all notes live on; what does not stand in Redis as it ought to is written again. A part of the channels is swept
     * besides, so that what no sweep after a death has found ends some time.
     *
     * @param duration how long the channels are to take, and then the clients
     */
    void renew(Duration duration) throws InterruptedException {
        int turn = patrol++ % PATROL;
        go(
                ofChannels,
                duration,
                channels -> patrol(
                        channels.keySet(),
                        turn,
                        channel -> sweep(channel, channels.get(channel).size())));
        go(ofClients, duration, clients -> patrol(clients.keySet(), turn, this::sweepClient));
    }

    /** Sweeps one channel, or the channels of one client. */
    private interface Sweep {
        void sweep(String name) throws UnavailableException;
    }

    private static void patrol(Collection<String> names, int turn, Sweep how) {
        List<String> due = names.stream()
                .filter(name -> name.hashCode() * SPREADING >>> Integer.SIZE - PATROL_BITS == turn)
                .toList();
        forEach(due, name -> sweep(name, how, () -> {}));
    }

    private static void sweep(String name, Sweep how, Runnable done) {
        try {
            how.sweep(name);
            done.run();
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "to be swept later: " + e.getMessage());
        }
    }

    /** Looks at all notes of a kind, and has them live on. */
    private void go(Kind kind, Duration duration, Consumer<Map<String, List<Member>>> besides)
            throws InterruptedException {
        Map<String, List<Member>> members = new HashMap<>();
        sessions.keySet().stream()
                .filter(kind.noted)
                .forEach(member -> members.computeIfAbsent(kind.name.apply(member), name -> new ArrayList<>(1))
                        .add(member));
        RedisRound.go(members.keySet(), duration, closed, names -> {
            look(kind, names, members);
            Map<String, List<Member>> theirs = new HashMap<>();
            names.forEach(name -> theirs.put(name, members.get(name)));
            besides.accept(theirs);
        });
    }

    private void look(Kind kind, List<String> names, Map<String, List<Member>> members) {
        Map<String, List<Member>> batch = new HashMap<>();
        int size = 0;
        for (String name : names) {
            List<Member> all = members.get(name);
            for (int from = 0; from < all.size(); from += BATCH) {
                List<Member> some = all.subList(from, Math.min(from + BATCH, all.size()));
                batch.put(name, some);
                size += some.size();
                if (size >= BATCH) {
                    look(kind, batch);
                    batch.clear();
                    size = 0;
                }
            }
        }
        look(kind, batch);
    }

    private void look(Kind kind, Map<String, List<Member>> batch) {
        Map<String, List<String>> fields = new HashMap<>();
        batch.forEach((name, members) ->
                fields.put(name, members.stream().map(kind.field).toList()));
        Map<String, List<String>> noted = kind.renewal.renew(fields, pace.lifetime());
        batch.forEach((name, members) -> {
            List<String> theirs = noted.get(name);
            for (int i = 0; i < members.size(); i++) {
                if (theirs == null || !kind.stands.test(members.get(i), theirs.get(i))) {
                    unwritten.add(members.get(i));
                }
            }
        });
    }

    /** Returns whether a channel's note of a member is right. The note of one that has left is written by {@link #leave}. */
    private boolean stands(Member member, String noted) {
        int count = count(member);
        return count == 0 || noted != null && (" " + noted + " ").contains(" " + node + "=" + count + " ");
    }

    /** Takes back all notes, as far as that can be done soon; the others are swept by others, or end by themselves. */
    @Override
    public void close() {
        closed.countDown();
        unwritten.addAll(sessions.keySet());
        sessions.clear();
        Thread farewell = Thread.ofVirtual().name("redis-farewell").start(() -> {
            catchUp();
            try {
                if (unwritten.isEmpty()) {
                    peers.end();
                }
            } catch (UnavailableException e) {
                LOG.log(Level.DEBUG, () -> "no farewell: " + e.getMessage());
            }
        });
        try {
            farewell.join(FAREWELL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

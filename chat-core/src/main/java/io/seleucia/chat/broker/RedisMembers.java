package io.seleucia.chat.broker;

import io.seleucia.chat.message.Names;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Which clients are in which channels on this server, and the copy of it in Redis. What is counted here is what ought to
 * stand there: a note that could not be written is written as it is then, once Redis is back.
 *
 * <p>Notes stand for a while, and are renewed many at a time. That this server lives it says once for all of them; those
 * of a server that does not count no more, and are taken away in the channels that have members here.
 *
 * <p>Threads: {@code redis-life} gives signs of life, {@code redis-members} writes what could not be written, {@code
 * redis-sweeping} takes away what the dead have left, {@code redis-renewal} renews.
 */
final class RedisMembers implements AutoCloseable {
    private static final Logger LOG = System.getLogger(RedisMembers.class.getName());
    private static final Duration LIFETIME = Duration.ofSeconds(55); // of notes; longer than peers may be silent
    private static final Duration RENEWAL = Duration.ofSeconds(10); // of channels, and then of clients
    private static final Duration SWEEPING = Duration.ofSeconds(10); // through all channels, since all servers do it
    private static final Duration FAREWELL = Duration.ofMillis(1_500);
    private static final long ROUND_MILLIS = 500;
    private static final int AT_ONCE = 512; // written at the same time

    private record Member(String channel, String client) {
        boolean inInbox() {
            return Names.isInbox(channel);
        }
    }

    private final String node;
    private final RedisNotes notes;
    private final RedisPeers peers;
    private final ConcurrentHashMap<Member, Integer> sessions = new ConcurrentHashMap<>();
    private final Set<Member> unwritten = ConcurrentHashMap.newKeySet();
    private final RedisTurnstile writing = new RedisTurnstile(AT_ONCE);
    private volatile boolean doubtful; // whether all that is noted is there
    private volatile boolean deaths; // that may have left something
    private final CountDownLatch closed = new CountDownLatch(1);

    RedisMembers(String node, RedisNotes notes) {
        this.node = node;
        this.notes = notes;
        peers = new RedisPeers(node, notes);
    }

    /** Begins to keep the copy up to date. */
    void start() {
        Thread.ofVirtual().name("redis-life").start(this::live);
        Thread.ofVirtual().name("redis-members").start(this::keep);
        Thread.ofVirtual().name("redis-sweeping").start(this::sweep);
        Thread.ofVirtual().name("redis-renewal").start(this::renew);
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

    /** The clients in a channel on all servers that live, each with its sessions. */
    Map<String, Integer> of(String channel) throws UnavailableException {
        return notes.members(channel, peers.living());
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
                notes.note(member.channel, node, member.client, written, LIFETIME, peers.living());
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

    private void live() {
        try {
            while (!closed.await(ROUND_MILLIS, TimeUnit.MILLISECONDS)) {
                try {
                    RedisPeers.News news = peers.beat();
                    if (news.forgotten()) {
                        doubtful = true;
                    }
                    if (news.deaths()) {
                        deaths = true;
                    }
                } catch (UnavailableException e) {
                    LOG.log(Level.DEBUG, () -> "a sign of life is due: " + e.getMessage());
                } catch (RuntimeException e) {
                    LOG.log(Level.ERROR, "a sign of life could not be given", e);
                }
            }
        } catch (InterruptedException e) {
            LOG.log(Level.ERROR, "interrupted: others will take this server for dead", e);
        }
    }

    private void keep() {
        try {
            while (!closed.await(ROUND_MILLIS, TimeUnit.MILLISECONDS)) {
                try {
                    if (doubtful) {
                        doubtful = false;
                        RedisRound.go(sessions.keySet(), Duration.ZERO, closed, this::verify);
                    }
                    catchUp();
                } catch (RuntimeException e) {
                    LOG.log(Level.ERROR, "keeping notes of members in Redis failed", e);
                }
            }
        } catch (InterruptedException e) {
            LOG.log(Level.ERROR, "interrupted: who is in channels is no longer kept up to date", e);
        }
    }

    /** Has written again what does not stand in Redis as it ought to. */
    private void verify(List<Member> members) {
        Map<Member, String> noted = notes.noted(members, Member::channel, Member::client);
        Set<Member> listed = notes.listed(members, Member::channel, Member::client);
        for (Member member : members) {
            boolean stands = List.of(noted.getOrDefault(member, "").split(" ")).contains(node + "=" + count(member));
            if (!stands || !member.inInbox() && !listed.contains(member)) {
                unwritten.add(member);
            }
        }
    }

    /** Writes what could not be written. */
    private void catchUp() {
        forEach(unwritten, this::write);
    }

    /** Takes away what the dead have left, where somebody is here to see it; elsewhere it ends by itself. */
    private void sweep() {
        Set<String> unsweptChannels = ConcurrentHashMap.newKeySet();
        Set<String> unsweptClients = ConcurrentHashMap.newKeySet();
        try {
            while (!closed.await(ROUND_MILLIS, TimeUnit.MILLISECONDS)) {
                if (deaths) {
                    deaths = false;
                    sessions.keySet().forEach(member -> {
                        unsweptChannels.add(member.channel);
                        if (!member.inInbox()) {
                            unsweptClients.add(member.client);
                        }
                    });
                }
                sweep(unsweptChannels, (channel, living) -> notes.sweep(channel, LIFETIME, living));
                sweep(unsweptClients, this::sweepClient);
            }
        } catch (InterruptedException e) {
            LOG.log(Level.ERROR, "interrupted: members of dead servers stay until their notes end", e);
        }
    }

    /** How one thing is swept, given the nodes that live. */
    private interface Sweep {
        void sweep(String name, String living) throws UnavailableException;
    }

    /** Goes once through what is unswept, which is then what could not be swept. */
    private void sweep(Set<String> unswept, Sweep how) throws InterruptedException {
        if (!unswept.isEmpty()) {
            RedisRound.go(unswept, SWEEPING, closed, names -> sweep(names, unswept, how));
        }
    }

    private void sweep(List<String> names, Set<String> unswept, Sweep how) {
        String living = peers.living();
        if (living.isEmpty()) {
            return; // who lives is no longer certain
        }
        forEach(names, name -> {
            try {
                how.sweep(name, living);
                unswept.remove(name);
            } catch (UnavailableException e) {
                LOG.log(Level.DEBUG, () -> "to be swept later: " + e.getMessage());
            }
        });
    }

    /** A client's channels in which it was on a dead server, and nobody is here: those that are here are swept anyway. */
    private void sweepClient(String client, String living) throws UnavailableException {
        for (String channel : notes.channels(client)) {
            if (!sessions.containsKey(new Member(channel, client)) && !notes.lives(channel, client, living)) {
                notes.sweep(channel, LIFETIME, living);
                notes.removeChannel(client, channel, LIFETIME);
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
                    try {
                        what.accept(one);
                    } catch (RuntimeException e) {
                        LOG.log(Level.ERROR, "a note in Redis failed", e);
                    } finally {
                        free.release();
                    }
                });
            }
        }
    }

    /** Has all notes live on; what Redis has forgotten is written again. */
    private void renew() {
        try {
            boolean open = true;
            while (open) {
                Set<String> channels = new HashSet<>();
                Set<String> clients = new HashSet<>();
                for (Member member : sessions.keySet()) {
                    channels.add(member.channel);
                    if (!member.inInbox()) {
                        clients.add(member.client);
                    }
                }
                open = RedisRound.go(channels, RENEWAL, closed, this::renewChannels)
                        && RedisRound.go(clients, RENEWAL, closed, this::renewClients);
            }
        } catch (InterruptedException e) {
            LOG.log(Level.ERROR, "interrupted: notes of members are no longer renewed", e);
        }
    }

    private void renewChannels(List<String> channels) {
        rewrite(notes.renewMembers(channels, LIFETIME), Member::channel);
    }

    private void renewClients(List<String> clients) {
        rewrite(notes.renewClients(clients, LIFETIME), Member::client);
    }

    private void rewrite(Set<String> forgotten, Function<Member, String> by) {
        if (!forgotten.isEmpty()) {
            sessions.keySet().stream()
                    .filter(member -> forgotten.contains(by.apply(member)))
                    .forEach(unwritten::add);
        }
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

package io.seleucia.chat.broker;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Which of the servers that share Redis are dead. Each server lists itself there and renews its heartbeat, one for all
 * its notes. A server is dead when its heartbeat has been the same for too long. A server that is not known is alive: it
 * may have started after this one last looked.
 *
 * <p>How long a heartbeat has been the same is measured by the clock of this process, which can't be set, and only while
 * Redis is asked without interruption: after an outage all servers seem to have been silent. The clock of Redis is
 * believed only for a part of the silence, of servers that died before this one looked. So a clock that jumps
 * makes no server dead, and none immortal.
 *
 * <p>A server that has notes but is not on the list is met when a channel is swept. If it is not listed in time, it is
 * dead as well.
 */
final class RedisPeers {
    private final String self;
    private final RedisNotes notes;
    private final RedisPace pace;
    private final LongSupplier clock;
    private volatile String dead = ""; // as the scripts take it
    private volatile Set<String> known = Set.of();

    private final ReentrantLock lock = new ReentrantLock(); // guards all below, and is held while Redis is asked
    private final Map<String, Peer> peers = new HashMap<>();
    private volatile boolean listed; // set once
    private boolean ended;
    private long beatAt;
    private String heartbeat = ""; // this server's last

    /**
     * Another server.
     *
     * @param heartbeat its last; empty if it is not on the list
     * @param since when that heartbeat was given, by this process' clock, as far as that is certain
     */
    private record Peer(String heartbeat, long since) {
        boolean isListed() {
            return !heartbeat.isEmpty();
        }
    }

    /**
     * @param self this server's name
     * @param clock as {@link System#nanoTime}
     */
    RedisPeers(String self, RedisNotes notes, RedisPace pace, LongSupplier clock) {
        this.self = self;
        this.notes = notes;
        this.pace = pace;
        this.clock = clock;
    }

    /**
     * The changes that a heartbeat has shown.
     *
     * @param forgotten whether notes of this server may be gone
     * @param leftovers whether there may be notes that no server takes back: servers have died since the last one, or Redis
     *     knows something older
     */
    record News(boolean forgotten, boolean leftovers) {
        private static final News NONE = new News(false, false);
    }

    /** Returns the names of the dead in one text. */
    String dead() {
        return dead;
    }

    /** Sees to it that this server is listed, before it notes anything that has to be taken away if it dies. */
    void enlist() throws UnavailableException {
        if (!listed) {
            beat();
        }
    }

    /** Notes which servers have notes. Those that are not known are dead if they stay so for too long. */
    void meet(Collection<String> nodes) {
        if (known.containsAll(nodes)) {
            return;
        }
        lock.lock();
        try {
            nodes.stream()
                    .filter(node -> !node.equals(self))
                    .forEach(node -> peers.putIfAbsent(node, new Peer("", clock.getAsLong())));
            known = Set.copyOf(peers.keySet());
        } finally {
            lock.unlock();
        }
    }

    /** Gives a heartbeat, if one is due, and looks at those of others. Blocks for less than two seconds. */
    News beat() throws UnavailableException {
        lock.lock();
        try {
            if (ended || listed && clock.getAsLong() - beatAt < pace.beat().toNanos()) {
                return News.NONE;
            }
            RedisNotes.Heartbeats all = notes.beat(self, pace.listed(), outlived());
            long now = clock.getAsLong();
            boolean interrupted = now - beatAt > pace.interruption().toNanos();
            String former = all.given().remove(self);
            boolean lost = listed && !heartbeat.equals(former); // the list, or its newest state
            if (interrupted) {
                peers.replaceAll(
                        (node, peer) -> isDead(peer, beatAt) ? peer : new Peer(peer.heartbeat, later(peer, now)));
            }
            all.given().forEach((node, given) -> {
                Peer peer = peers.get(node);
                if (peer == null || !peer.heartbeat.equals(given)) {
                    peers.put(node, new Peer(given, now - believed(all.ageMillis(given))));
                }
            });
            Set<String> absent = new TreeSet<>(peers.keySet());
            absent.removeAll(all.given().keySet());
            absent.forEach(node -> peers.computeIfPresent(node, (name, peer) -> absent(peer, now, lost)));
            boolean forgotten = listed && interrupted || lost;
            listed = true;
            beatAt = now;
            heartbeat = all.own();
            return new News(forgotten, judge(now) || lost);
        } finally {
            lock.unlock();
        }
    }

    /** Those that can be taken off the list: a node, its last heartbeat, and so on. */
    private List<String> outlived() {
        return peers.entrySet().stream()
                .filter(peer -> peer.getValue().isListed() && isOutlived(peer.getValue(), clock.getAsLong()))
                .flatMap(peer -> List.of(peer.getKey(), peer.getValue().heartbeat).stream())
                .toList();
    }

    /** Returns the part of a heartbeat's age by Redis' clock that counts, in nanoseconds. */
    private long believed(long ageMillis) {
        return Duration.ofMillis(Math.clamp(
                        ageMillis, 0, pace.silence().minus(pace.certainty()).toMillis()))
                .toNanos();
    }

    /** Returns a start of the silence that leaves out what an interruption may have hidden. */
    private long later(Peer peer, long now) {
        long latest = now - pace.silence().minus(pace.certainty()).toNanos();
        return peer.since - latest < 0 ? latest : peer.since;
    }

    /** A server that is not on the list, or null if it can be forgotten. */
    private Peer absent(Peer peer, long now, boolean lost) {
        if (isOutlived(peer, now) || peer.isListed() && !lost && !isDead(peer, now)) {
            return null; // all its notes are gone: it ended in good order, or long ago
        }
        return new Peer("", peer.since);
    }

    private boolean isDead(Peer peer, long now) {
        return now - peer.since >= pace.silence().toNanos();
    }

    private boolean isOutlived(Peer peer, long now) {
        return now - peer.since >= pace.listed().toNanos();
    }

    private boolean judge(long now) {
        Set<String> former = Set.of(dead.split(" "));
        Set<String> present = new TreeSet<>();
        peers.forEach((node, peer) -> {
            if (isDead(peer, now)) {
                present.add(node);
            }
        });
        dead = String.join(" ", present);
        known = Set.copyOf(peers.keySet());
        return !former.containsAll(present);
    }

    /** Ends it in good order: nobody has to wait for this server's death. */
    void end() throws UnavailableException {
        lock.lock();
        try {
            ended = true;
            notes.end(self);
        } finally {
            lock.unlock();
        }
    }
}

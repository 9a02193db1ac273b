package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.UnavailableException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * Tells which of the servers that share Redis are dead. Each server lists itself in Redis and renews its heartbeat, one
 * for all its presence entries. A server is dead if its heartbeat has not changed for too long. An unknown server is
 * alive: it may have started after the last look.
 *
 * <p>The age of a heartbeat is measured by the monotonic clock of this process, and only while Redis answers: after an
 * outage all servers seem to have been silent. The clock of Redis decides only a part of the silence, of servers that
 * died before this one looked. So a clock that jumps makes no server dead, and none immortal.
 *
 * <p>A sweep may find entries of a server that is not listed. If it is not listed in time, it is dead as well.
 */
final class Heartbeats {
    private final String self;
    private final PresenceStore store;
    private final PresenceTiming timing;
    private final LongSupplier clock;
    private volatile String dead = ""; // as the scripts take it
    private volatile Set<String> known = Set.of();

    private final ReentrantLock lock = new ReentrantLock(); // guards all below, and is held while Redis is asked
    private final Map<String, Peer> peers = new HashMap<>();
    private volatile boolean listed; // set once
    private boolean ended;
    private long beatAt;
    private String heartbeat = ""; // this server's last

    /** Another server's last heartbeat, empty if it is not listed, and when it was given by this process' clock. */
    private record Peer(String heartbeat, long since) {
        boolean isListed() {
            return !heartbeat.isEmpty();
        }
    }

    /** @param clock as {@link System#nanoTime} */
    Heartbeats(String self, PresenceStore store, PresenceTiming timing, LongSupplier clock) {
        this.self = self;
        this.store = store;
        this.timing = timing;
        this.clock = clock;
    }

    /** The changes that a heartbeat has shown: entries may be lost, or be left of dead servers or of a backup. */
    record Changes(boolean lost, boolean leftovers) {
        private static final Changes NONE = new Changes(false, false);
    }

    /** Returns the names of the dead servers, separated by spaces. */
    String dead() {
        return dead;
    }

    /** Lists this server, before it writes entries that others have to remove if it dies. */
    void enlist() throws UnavailableException {
        if (!listed) {
            beat();
        }
    }

    /** Notes servers that have entries. An unknown one is dead if it is not listed in time. */
    void meet(Collection<String> servers) {
        if (known.containsAll(servers)) {
            return;
        }
        lock.lock();
        try {
            servers.stream()
                    .filter(server -> !server.equals(self))
                    .forEach(server -> peers.putIfAbsent(server, new Peer("", clock.getAsLong())));
            known = Set.copyOf(peers.keySet());
        } finally {
            lock.unlock();
        }
    }

    /** Gives a heartbeat if one is due, and reads those of others. Blocks for less than two seconds. */
    Changes beat() throws UnavailableException {
        lock.lock();
        try {
            if (ended || listed && clock.getAsLong() - beatAt < timing.beat().toNanos()) {
                return Changes.NONE;
            }
            PresenceStore.Beats beats = store.beat(self, timing.listed(), outlived());
            Map<String, String> last = beats.last();
            long now = clock.getAsLong();
            boolean interrupted = now - beatAt > timing.interruption().toNanos();
            String former = last.remove(self); // it may be listed without knowing: a reply can be lost
            boolean lost = listed && !heartbeat.equals(former); // the list, or its newest state
            if (interrupted) {
                peers.replaceAll(
                        (server, peer) -> isDead(peer, beatAt) ? peer : new Peer(peer.heartbeat, later(peer, now)));
            }
            last.forEach((server, given) -> {
                Peer peer = peers.get(server);
                if (peer == null || !peer.heartbeat.equals(given)) {
                    peers.put(server, new Peer(given, now - believed(beats.ageMillis(given))));
                }
            });
            Set<String> absent = new TreeSet<>(peers.keySet());
            absent.removeAll(last.keySet());
            absent.forEach(server -> peers.computeIfPresent(server, (name, peer) -> absent(peer, now, lost)));
            boolean entriesLost = listed && interrupted || lost;
            listed = true;
            beatAt = now;
            heartbeat = beats.own();
            return new Changes(entriesLost, updateDead(now) || lost);
        } finally {
            lock.unlock();
        }
    }

    /** Returns the servers that can be taken off the list, each followed by its last heartbeat. */
    private List<String> outlived() {
        return peers.entrySet().stream()
                .filter(peer -> peer.getValue().isListed() && isOutlived(peer.getValue(), clock.getAsLong()))
                .flatMap(peer -> Stream.of(peer.getKey(), peer.getValue().heartbeat))
                .toList();
    }

    /** Returns the part of a heartbeat's age by Redis' clock that counts, in nanoseconds. */
    private long believed(long ageMillis) {
        return Duration.ofMillis(Math.clamp(ageMillis, 0, uncertainty().toMillis()))
                .toNanos();
    }

    private Duration uncertainty() {
        return timing.silence().minus(timing.certainty());
    }

    /** Returns a start of the silence without the time that an interruption may have hidden. */
    private long later(Peer peer, long now) {
        long latest = now - uncertainty().toNanos();
        return peer.since - latest < 0 ? latest : peer.since;
    }

    /** Returns the new state of a server that is not listed; null if it can be forgotten. */
    private Peer absent(Peer peer, long now, boolean lost) {
        if (isOutlived(peer, now) || peer.isListed() && !lost && !isDead(peer, now)) {
            return null; // all its entries are gone: it was closed, or died long ago
        }
        return new Peer("", peer.since);
    }

    private boolean isDead(Peer peer, long now) {
        return now - peer.since >= timing.silence().toNanos();
    }

    private boolean isOutlived(Peer peer, long now) {
        return now - peer.since >= timing.listed().toNanos();
    }

    /** Returns whether more servers are dead than before. */
    private boolean updateDead(long now) {
        Set<String> former = Set.of(dead.split(" "));
        Set<String> present = new TreeSet<>();
        peers.forEach((server, peer) -> {
            if (isDead(peer, now)) {
                present.add(server);
            }
        });
        dead = String.join(" ", present);
        known = Set.copyOf(peers.keySet());
        return !former.containsAll(present);
    }

    /** Takes this server off the list, so that others need not wait for its death. */
    void end() throws UnavailableException {
        lock.lock();
        try {
            ended = true;
            store.end(self);
        } finally {
            lock.unlock();
        }
    }
}

package io.seleucia.chat.broker;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Which of the servers that share Redis live, by the signs of life that each leaves there: one note of a server, however
 * many channels and clients it has. A server that was silent for too long is dead, but that is believed only of a Redis
 * that has been asked without interruption for a while: who comes back after an outage finds everybody silent.
 */
final class RedisPeers {
    /** How long a dead server's notes may count. */
    static final Duration SILENCE = Duration.ofSeconds(35);

    private static final Duration BEAT = Duration.ofSeconds(5);
    private static final Duration INTERRUPTION = Duration.ofSeconds(10);
    private static final Duration CERTAINTY = Duration.ofSeconds(15);
    private static final Duration LISTED = Duration.ofMinutes(10);

    private final String self;
    private final RedisNotes notes;
    private volatile String living = ""; // as the scripts take it: empty while that is not certain

    private final ReentrantLock lock = new ReentrantLock(); // guards all below, and is held while Redis is asked
    private volatile boolean listed; // set once
    private long steadySince;
    private long beatAt;
    private Set<String> known = Set.of(); // who lived when that was last certain

    /**
     * @param self this server's name
     */
    RedisPeers(String self, RedisNotes notes) {
        this.self = self;
        this.notes = notes;
    }

    /**
     * What a sign of life has shown.
     *
     * @param forgotten whether others may have taken this server for dead
     * @param deaths whether there may be notes of servers that have died since the last time
     */
    record News(boolean forgotten, boolean deaths) {
        private static final News NONE = new News(false, false);
    }

    /** The names of those who live, this one among them, in one text; empty while that is not certain. */
    String living() {
        return living;
    }

    /** Sees to it that this server is listed, before it notes anything that has to be taken away if it dies. */
    void enlist() throws UnavailableException {
        if (!listed) {
            beat();
        }
    }

    /** Gives a sign of life, if it is time for one, and looks at those of others. Blocks for less than two seconds. */
    News beat() throws UnavailableException {
        lock.lock();
        try {
            if (listed && System.nanoTime() - beatAt < BEAT.toNanos()) {
                return News.NONE;
            }
            Map<String, Duration> ages = notes.beat(self, LISTED);
            long now = System.nanoTime();
            Duration own = ages.remove(self);
            boolean forgotten = listed && (own == null || own.compareTo(SILENCE) > 0);
            if (!listed || forgotten || now - beatAt > INTERRUPTION.toNanos()) {
                steadySince = now;
            }
            listed = true;
            beatAt = now;
            return new News(forgotten, judge(ages, now - steadySince >= CERTAINTY.toNanos()));
        } finally {
            lock.unlock();
        }
    }

    private boolean judge(Map<String, Duration> ages, boolean certain) {
        Set<String> alive = new TreeSet<>(ages.keySet());
        boolean silence = alive.removeIf(node -> ages.get(node).compareTo(SILENCE) > 0);
        alive.add(self);
        living = certain ? String.join(" ", alive) : "";
        if (!certain) {
            return false;
        }
        boolean deaths = known.isEmpty() ? silence : !alive.containsAll(known);
        known = alive;
        return deaths;
    }

    /** Ends it in good order: nobody has to wait for this server's death. */
    void end() throws UnavailableException {
        notes.end(self);
    }
}

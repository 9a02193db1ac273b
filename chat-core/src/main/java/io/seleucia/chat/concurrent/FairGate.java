package io.seleucia.chat.concurrent;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A bound for the callers that do something at a time, which shares the places fairly between keys, such as addresses: each
 * key has a line of its own, and a free place goes to the next key in turn. So a key with hundreds of callers delays only
 * itself; another key waits for one caller of each key at most. Any thread.
 *
 * @param <K> the keys
 */
public final class FairGate<K> {
    /** The callers of one key. */
    private static final class Line {
        final ArrayDeque<CountDownLatch> waiting = new ArrayDeque<>(); // opened once the caller has a place
        int inside;
    }

    private final int places;
    private final int placesPerKey;
    private final int waitingPerKey;
    private final ReentrantLock lock = new ReentrantLock(); // guards the next
    private final Map<K, Line> lines = new HashMap<>(); // of the keys in use
    private final ArrayDeque<Line> turns = new ArrayDeque<>(); // the lines whose first caller may have a free place
    private int inside;

    /** Creates an empty gate, with these bounds of callers inside, of one key inside, and of one key that wait. */
    public FairGate(int places, int placesPerKey, int waitingPerKey) {
        this.places = places;
        this.placesPerKey = placesPerKey;
        this.waitingPerKey = waitingPerKey;
    }

    /**
     * Takes a place, which {@link #leave} gives back. Blocks until there is one. Returns false if there was none in time, or too
     * many callers of the key wait already.
     */
    public boolean enter(K key, long nanos) throws InterruptedException {
        CountDownLatch turn = new CountDownLatch(1);
        if (!join(key, turn)) {
            return false;
        }
        boolean entered = false;
        try {
            entered = turn.await(nanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            if (!withdraw(key, turn)) {
                leave(key);
            }
            throw e;
        }
        return entered || !withdraw(key, turn);
    }

    private boolean join(K key, CountDownLatch turn) {
        lock.lock();
        try {
            Line line = lines.computeIfAbsent(key, absent -> new Line());
            if (line.waiting.isEmpty() && line.inside < placesPerKey && inside < places) {
                line.inside++;
                inside++;
                turn.countDown();
                return true;
            }
            if (line.waiting.size() >= waitingPerKey) {
                forgetIfIdle(key, line);
                return false;
            }
            line.waiting.add(turn);
            if (line.waiting.size() == 1 && line.inside < placesPerKey) {
                turns.add(line);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Leaves the line. Returns false if the caller has a place by now. */
    private boolean withdraw(K key, CountDownLatch turn) {
        lock.lock();
        try {
            Line line = lines.get(key);
            if (line == null || !line.waiting.remove(turn)) {
                return false;
            }
            if (line.waiting.isEmpty()) {
                turns.remove(line);
                forgetIfIdle(key, line);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Gives a place back. Does not block. */
    public void leave(K key) {
        lock.lock();
        try {
            Line line = lines.get(key);
            line.inside--;
            inside--;
            if (!line.waiting.isEmpty() && line.inside == placesPerKey - 1) {
                turns.add(line);
            }
            if (!turns.isEmpty()) {
                admit(turns.poll());
            }
            forgetIfIdle(key, line);
        } finally {
            lock.unlock();
        }
    }

    private void admit(Line line) {
        line.inside++;
        inside++;
        line.waiting.poll().countDown();
        if (!line.waiting.isEmpty() && line.inside < placesPerKey) {
            turns.add(line);
        }
    }

    private void forgetIfIdle(K key, Line line) {
        if (line.inside == 0 && line.waiting.isEmpty()) {
            lines.remove(key);
        }
    }
}

package io.seleucia.chat.broker;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Which segments hold which channel, as far as somebody has asked lately: so whoever pages through a history does not ask
 * every index again for each page. Keeps so many stretches and no more.
 */
final class JournalTrails {
    private static final int MAX_STRETCHES = 30_000; // some 150 bytes each
    private static final int TRAIL = 4; // what one costs itself, in stretches

    /** What was looked up is no longer so: it has to be looked up again. */
    static final class ChangedException extends IOException {
        private static final long serialVersionUID = 1;

        ChangedException() {
            super("the journal's files have changed while they were read");
        }
    }

    /**
     * What there is of a channel in some segments that follow one another.
     *
     * @param oldest the oldest segment that was looked into; beyond the newest, if none was
     * @param stretches newest first
     */
    record Trail(long oldest, long newest, List<JournalIndex.Stretch> stretches) {
        private int size() {
            return TRAIL + stretches.size();
        }
    }

    private final ReentrantLock lock = new ReentrantLock(); // guards all below
    private final LinkedHashMap<String, Trail> trails = new LinkedHashMap<>(16, 0.75f, true);
    private int kept; // stretches

    Trail of(String channel) {
        lock.lock();
        try {
            return trails.getOrDefault(channel, new Trail(Long.MAX_VALUE, 0, List.of()));
        } finally {
            lock.unlock();
        }
    }

    void keep(String channel, Trail trail) {
        lock.lock();
        try {
            Trail before = trails.put(channel, trail);
            kept += trail.size() - (before == null ? 0 : before.size());
            var oldest = trails.entrySet().iterator();
            while (kept > MAX_STRETCHES && oldest.hasNext()) {
                Map.Entry<String, Trail> next = oldest.next();
                kept -= next.getValue().size();
                oldest.remove();
            }
        } finally {
            lock.unlock();
        }
    }

    void forget() {
        lock.lock();
        try {
            trails.clear();
            kept = 0;
        } finally {
            lock.unlock();
        }
    }

    /** Looks into a segment. */
    interface Lookup {
        List<JournalIndex.Stretch> stretches(long segment) throws IOException;
    }

    /**
     * A way back through one channel's history, from its newest messages to its oldest. Used by one thread.
     *
     * @see #next
     */
    static final class Walk {
        private final NavigableSet<Long> over;
        private final Lookup lookup;
        private final List<JournalIndex.Stretch> tip;
        private final List<JournalIndex.Stretch> known = new ArrayList<>(); // newest first
        private long oldest;
        private long newest;
        private String epoch;
        private int done; // of the tip and what is known

        Walk(String epoch, List<JournalIndex.Stretch> tip, Trail trail, NavigableSet<Long> over, Lookup lookup)
                throws IOException {
            this.epoch = epoch;
            this.tip = tip.reversed();
            this.over = over;
            this.lookup = lookup;
            for (long segment : over.tailSet(trail.newest(), false).descendingSet()) {
                if (trail.newest() == 0) {
                    break; // nothing is known yet: as far back as is needed, and no further
                }
                known.addAll(lookup.stretches(segment).reversed());
            }
            known.addAll(trail.stretches());
            newest = trail.newest() == 0 || over.isEmpty() ? trail.newest() : over.last();
            oldest = trail.oldest();
        }

        /** The next older stretch of the history; empty at its beginning. */
        Optional<JournalIndex.Stretch> next() throws IOException {
            while (true) {
                while (done == tip.size() + known.size()) {
                    if (!lookFurther()) {
                        return Optional.empty();
                    }
                }
                JournalIndex.Stretch stretch = done < tip.size() ? tip.get(done) : known.get(done - tip.size());
                done++;
                if (stretch.epoch().equals(epoch)) {
                    if (!stretch.former().isEmpty()) {
                        epoch = stretch.former();
                    }
                    if (stretch.count() > 0) {
                        return Optional.of(stretch);
                    }
                }
            }
        }

        private boolean lookFurther() throws IOException {
            Long next = over.lower(oldest);
            if (next == null) {
                return false;
            }
            known.addAll(lookup.stretches(next).reversed());
            oldest = next;
            newest = Math.max(newest, next);
            return true;
        }

        /** What is known after it. */
        Trail trail() {
            return new Trail(oldest, newest, List.copyOf(known));
        }
    }
}

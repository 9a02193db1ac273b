package io.seleucia.chat.session;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The log of connections that the server ended for their behaviour: a line each, but no more than one a second for each
 * reason, so that an attack can't fill the disk. A line says how many had none since the one before.
 */
final class Incidents {
    private static final Logger LOG = System.getLogger(Incidents.class.getName());
    private static final long PAUSE = 1_000_000_000L;
    private static final int MAX_REASONS = 64; // more than there are, unless a protocol makes them up
    private static final ConcurrentHashMap<String, Incidents> BY_REASON = new ConcurrentHashMap<>();
    private static final Incidents OTHERS = new Incidents();

    private final AtomicLong loggedAt = new AtomicLong(System.nanoTime() - PAUSE);
    private final AtomicInteger unlogged = new AtomicInteger();

    private Incidents() {}

    static void log(String reason, Loops loops) {
        Incidents incidents = BY_REASON.size() < MAX_REASONS
                ? BY_REASON.computeIfAbsent(reason, key -> new Incidents())
                : BY_REASON.getOrDefault(reason, OTHERS);
        long now = System.nanoTime();
        long last = incidents.loggedAt.get();
        if (now - last < PAUSE || !incidents.loggedAt.compareAndSet(last, now)) {
            incidents.unlogged.incrementAndGet();
            return;
        }
        int others = incidents.unlogged.getAndSet(0);
        LOG.log(
                Level.INFO,
                () -> loops + " is closed: " + reason + (others == 0 ? "" : " (and " + others + " others before it)"));
    }
}

package io.seleucia.chat.session;

import io.seleucia.chat.message.CloseCode;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The log of connections that the server ended for their behaviour: a line each, but no more than one a second for each
 * reason, so that an attack can't fill the disk. A line says how many had none since the one before.
 */
final class Incidents {
    private static final Logger LOG = System.getLogger(Incidents.class.getName());
    private static final long PAUSE = 1_000_000_000L;
    private static final Map<CloseCode, Incidents> BY_CODE = new EnumMap<>(CloseCode.class);

    static {
        for (CloseCode code : CloseCode.values()) {
            BY_CODE.put(code, new Incidents());
        }
    }

    private final AtomicLong loggedAt = new AtomicLong(System.nanoTime() - PAUSE);
    private final AtomicInteger unlogged = new AtomicInteger();

    private Incidents() {}

    static void log(CloseCode code, Loops loops) {
        Incidents incidents = BY_CODE.get(code);
        long now = System.nanoTime();
        long last = incidents.loggedAt.get();
        if (now - last < PAUSE || !incidents.loggedAt.compareAndSet(last, now)) {
            incidents.unlogged.incrementAndGet();
            return;
        }
        int others = incidents.unlogged.getAndSet(0);
        LOG.log(
                Level.INFO,
                () -> loops + " is closed: " + code.code() + " " + code.reason()
                        + (others == 0 ? "" : " (and " + others + " others before it)"));
    }
}

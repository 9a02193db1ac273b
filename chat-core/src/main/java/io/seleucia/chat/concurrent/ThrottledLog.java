package io.seleucia.chat.concurrent;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * The log of one kind of event that a client can cause: one line a second at most, so that an attack can't fill the disk.
 * A line says how many events had none since the one before. Any thread; does not block.
 */
public final class ThrottledLog {
    private static final long PAUSE = 1_000_000_000L;

    private final Logger log;
    private final Level level;
    private final AtomicLong loggedAt = new AtomicLong(System.nanoTime() - PAUSE);
    private final AtomicInteger unlogged = new AtomicInteger();

    /** Logs nothing yet. */
    public ThrottledLog(Logger log, Level level) {
        this.log = log;
        this.level = level;
    }

    /** Logs an event, or counts it for the next line. */
    public void log(Supplier<String> line) {
        long now = System.nanoTime();
        long last = loggedAt.get();
        if (now - last < PAUSE || !loggedAt.compareAndSet(last, now)) {
            unlogged.incrementAndGet();
            return;
        }
        int others = unlogged.getAndSet(0);
        log.log(level, () -> line.get() + (others == 0 ? "" : " (and " + others + " others before it)"));
    }
}

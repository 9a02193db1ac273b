package io.seleucia.chat.concurrent;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * The log of one kind of event that a client can cause. Writes at most one line a second for each reason, so that an attack
 * cannot fill the disk and a frequent reason does not hide a rare one. A line says how many events were left out since the
 * line before it. Reasons beyond the 64th share one. Any thread; does not block.
 */
public final class ThrottledLog {
    private static final long PAUSE_NANOS = 1_000_000_000L;
    private static final int MAX_REASONS = 64;

    private final Logger log;
    private final Level level;
    private final ConcurrentHashMap<String, Lines> byReason = new ConcurrentHashMap<>();
    private final Lines others = new Lines();

    /** The lines of one reason. */
    private static final class Lines {
        private final AtomicLong loggedAt = new AtomicLong(System.nanoTime() - PAUSE_NANOS);
        private final AtomicInteger unlogged = new AtomicInteger();
    }

    /** Creates a log that writes to another. */
    public ThrottledLog(Logger log, Level level) {
        this.log = log;
        this.level = level;
    }

    /** Logs an event that has only one reason, or counts it for the next line. */
    public void log(Supplier<String> line) {
        log(others, line);
    }

    /** Logs an event, or counts it for the next line with the same reason. */
    public void log(String reason, Supplier<String> line) {
        log(
                byReason.size() < MAX_REASONS
                        ? byReason.computeIfAbsent(reason, key -> new Lines())
                        : byReason.getOrDefault(reason, others),
                line);
    }

    private void log(Lines lines, Supplier<String> line) {
        long now = System.nanoTime();
        long last = lines.loggedAt.get();
        if (now - last < PAUSE_NANOS || !lines.loggedAt.compareAndSet(last, now)) {
            lines.unlogged.incrementAndGet();
            return;
        }
        int others = lines.unlogged.getAndSet(0);
        log.log(level, () -> line.get() + (others == 0 ? "" : " (and " + others + " others before it)"));
    }
}

package io.seleucia.chat.concurrent;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Events of one kind that a client can cause, each for a reason: a {@link ThrottledLog} for every reason, so that a rare one
 * is not hidden by a frequent one. Reasons beyond the 64th share one. Any thread; does not block.
 */
public final class ThrottledLogs {
    private static final int MAX_REASONS = 64;

    private final Logger log;
    private final Level level;
    private final ConcurrentHashMap<String, ThrottledLog> byReason = new ConcurrentHashMap<>();
    private final ThrottledLog others;

    /** Logs nothing yet. */
    public ThrottledLogs(Logger log, Level level) {
        this.log = log;
        this.level = level;
        others = new ThrottledLog(log, level);
    }

    /** Logs an event, or counts it for the next line with that reason. */
    public void log(String reason, Supplier<String> line) {
        ThrottledLog lines = byReason.size() < MAX_REASONS
                ? byReason.computeIfAbsent(reason, key -> new ThrottledLog(log, level))
                : byReason.getOrDefault(reason, others);
        lines.log(line);
    }
}

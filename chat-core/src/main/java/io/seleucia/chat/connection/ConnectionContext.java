package io.seleucia.chat.connection;

import io.seleucia.chat.concurrent.ThrottledLog;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.metrics.Counters;
import java.lang.System.Logger.Level;
import java.util.List;

/**
 * The context that the connections of a server share.
 *
 * @param memory is charged for the frames that wait to be written
 * @param flushers write to connections that take writes without blocking, each to a share of them
 * @param incidents the log of connections that the server ends for their behaviour, throttled for each reason
 */
public record ConnectionContext(
        ConnectionLimits limits,
        Counters counters,
        MemoryBudget memory,
        List<Flusher> flushers,
        ThrottledLog incidents) {
    /** Creates a context with counters and a log of its own. */
    public ConnectionContext(ConnectionLimits limits, MemoryBudget memory, List<Flusher> flushers) {
        this(
                limits,
                new Counters(),
                memory,
                flushers,
                new ThrottledLog(System.getLogger(ConnectionContext.class.getName()), Level.INFO));
    }

    /** Returns this context with other limits. */
    public ConnectionContext withLimits(ConnectionLimits others) {
        return new ConnectionContext(others, counters, memory, flushers, incidents);
    }
}

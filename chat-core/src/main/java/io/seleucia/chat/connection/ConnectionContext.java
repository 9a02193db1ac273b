package io.seleucia.chat.connection;

import io.seleucia.chat.concurrent.ThrottledLog;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.metrics.Counters;
import java.lang.System.Logger.Level;

/**
 * The context that the connections of a server share.
 *
 * @param memory is charged for the frames that wait to be written
 * @param incidents the log of connections that the server ends for their behaviour, throttled for each reason
 */
public record ConnectionContext(
        ConnectionLimits limits, Counters counters, MemoryBudget memory, ThrottledLog incidents) {
    /** Creates a context with counters and a log of its own. */
    public ConnectionContext(ConnectionLimits limits, MemoryBudget memory) {
        this(
                limits,
                new Counters(),
                memory,
                new ThrottledLog(System.getLogger(ConnectionContext.class.getName()), Level.INFO));
    }

    /** Returns this context with other limits. */
    public ConnectionContext withLimits(ConnectionLimits others) {
        return new ConnectionContext(others, counters, memory, incidents);
    }
}

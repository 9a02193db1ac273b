package io.seleucia.chat.session;

import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.connection.ConnectionContext;
import io.seleucia.chat.memory.MemoryBudget;
import java.time.Duration;
import java.util.Optional;

/**
 * The context that the sessions of a server share.
 *
 * @param server the server's name and version
 * @param sources count the use of quotas across the connections of a client
 * @param holds reserves the names of guests; empty if guests share names
 * @param observer is told of the events of all sessions
 * @param methods can be called by clients
 */
public record SessionContext(
        String server,
        ConnectionContext connections,
        SessionLimits limits,
        Channels channels,
        Logins logins,
        Sources sources,
        Optional<NameHolds> holds,
        Observer observer,
        Methods methods) {
    /** Returns this context with other times for pings. */
    public SessionContext withPings(Duration interval, Duration timeout) {
        ConnectionContext others = connections.withLimits(connections.limits().withPings(interval, timeout));
        return new SessionContext(server, others, limits, channels, logins, sources, holds, observer, methods);
    }

    /** Returns the rights of clients in channels. */
    public ChannelRights rights() {
        return new ChannelRights(logins, channels);
    }

    /** Returns the budget that is charged for the memory of sessions. */
    MemoryBudget memory() {
        return connections.memory();
    }
}

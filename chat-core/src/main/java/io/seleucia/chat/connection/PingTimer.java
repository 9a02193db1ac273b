package io.seleucia.chat.connection;

import java.time.Duration;

/**
 * The timer of pings to a silent peer. The time for the answer runs only while an answer could be heard: the ping has been
 * given to the transport, which can take more, and the inbound loop reads. Until then the deadline of writes counts: the
 * peer gets to the ping only if it reads. Used by the watchdog. Times are {@link System#nanoTime}.
 */
final class PingTimer {
    /** The action that is due. */
    enum Due {
        NOTHING,
        PING,
        TIMEOUT
    }

    private final ConnectionLimits limits;
    private long pingedAt; // not after the last read unless an answer is awaited
    private long awaitedSince; // from when on the answer has been possible

    PingTimer(ConnectionLimits limits, long now) {
        this.limits = limits;
        this.pingedAt = now;
    }

    /**
     * Returns the action that is due.
     *
     * @param lastRead when the peer was last heard
     * @param canHear whether an answer to a ping could be heard
     */
    Due check(long now, long lastRead, boolean canHear) {
        boolean asked = pingedAt - lastRead > 0;
        if (asked && !canHear) {
            awaitedSince = now;
        } else if (asked && isOver(limits.pong(), now - awaitedSince)) {
            return Due.TIMEOUT;
        }
        if (!isOver(limits.ping(), now - (asked ? pingedAt : lastRead))) {
            return Due.NOTHING;
        }
        pingedAt = now;
        awaitedSince = asked ? awaitedSince : now;
        return Due.PING;
    }

    private static boolean isOver(Duration limit, long nanos) {
        return nanos > limit.toNanos();
    }
}

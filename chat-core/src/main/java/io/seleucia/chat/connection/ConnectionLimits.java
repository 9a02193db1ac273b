package io.seleucia.chat.connection;

import java.time.Duration;

/** The limits of one connection; see {@code Limits} for the meaning of each. */
public record ConnectionLimits(
        int messageBytes, int queueBytes, Duration ping, Duration pong, Duration frame, Duration write) {
    /** Returns the longest time from the first byte of a message in several frames to its last. */
    Duration message() {
        return frame.plus(frame);
    }

    /** Returns these limits with other times for pings. */
    public ConnectionLimits withPings(Duration interval, Duration timeout) {
        return new ConnectionLimits(messageBytes, queueBytes, interval, timeout, frame, write);
    }
}

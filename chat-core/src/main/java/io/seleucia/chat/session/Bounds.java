package io.seleucia.chat.session;

import java.time.Duration;

/**
 * What one session is told of the server, what it may take, and how long it may take it; see {@code Limits} for the meaning of each.
 *
 * @param server the server's name and version
 * @param messageBytes the longest message
 * @param queueBytes bytes waiting to be written
 * @param channels subscriptions at a time
 * @param messagesPerSecond requests, on average
 * @param burst requests at once
 * @param ping silence after which the peer is asked for a sign of life
 * @param pong how long it may take to give one, and to close
 * @param frame from a frame's first byte to its last
 * @param write without progress
 */
public record Bounds(
        String server,
        int messageBytes,
        int queueBytes,
        int channels,
        int messagesPerSecond,
        int burst,
        Duration ping,
        Duration pong,
        Duration frame,
        Duration write) {
    /** From the first byte of a message in several frames to its last: twice what one frame may take. */
    Duration message() {
        return frame.multipliedBy(2);
    }
}

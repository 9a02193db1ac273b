package io.seleucia.chat.accept;

import java.time.Duration;

/** The bounds of the connections of all ports; see {@code Limits} for the meaning of each. */
public record AcceptLimits(
        int maxConnections,
        int maxConnectionsPerNetwork,
        int bytesPerSecond,
        Duration handshakeTimeout,
        Duration writeTimeout) {}

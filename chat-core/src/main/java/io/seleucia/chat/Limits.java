package io.seleucia.chat;

import java.time.Duration;
import java.util.Objects;

/**
 * What the server takes from its clients, in size, number and time. Every bound has a default that suits a public
 * server; start from {@link #DEFAULT} and change what differs.
 *
 * <p>On the TCP port there are no codes and no errors: what is closed or refused elsewhere is closed, requests beyond the
 * rate are read later, and how long a peer may be silent is its protocol's affair.
 *
 * @param maxMessageBytes a longer message closes the connection with 1009; at most 1 GiB
 * @param outboundQueueBytes a client for which more bytes wait to be written is closed with 4000
 * @param maxChannels subscriptions that a session may have at a time
 * @param rateMessages requests a second that a session may send on average; more are refused
 * @param rateBurst requests that a session may send at once
 * @param rateBytes bytes a second that a connection may send; it is read no faster than that, after as many at once
 * @param maxConnections connections at a time; more are refused with HTTP 503
 * @param maxConnectionsPerAddress connections at a time from one IP address; more are refused with HTTP 503
 * @param pingInterval silence after which a peer is pinged
 * @param pongTimeout time in which it must give a sign of life then, or is closed with 4001
 * @param handshakeTimeout time for the whole handshake, or for loading a page
 * @param loginTimeout time that a login may take, and that one may be there without, where there are no guests
 * @param frameTimeout time from a frame's first byte to its last
 * @param writeTimeout time that a write may take without progress, or the connection is cut
 * @param drainTimeout time in which all sessions must have ended when the server closes
 */
public record Limits(
        int maxMessageBytes,
        int outboundQueueBytes,
        int maxChannels,
        int rateMessages,
        int rateBurst,
        int rateBytes,
        int maxConnections,
        int maxConnectionsPerAddress,
        Duration pingInterval,
        Duration pongTimeout,
        Duration handshakeTimeout,
        Duration loginTimeout,
        Duration frameTimeout,
        Duration writeTimeout,
        Duration drainTimeout) {
    private static final Duration LONGEST = Duration.ofDays(36_500); // sums of two can be told in nanoseconds

    /** The defaults of docs/settings.md. */
    public static final Limits DEFAULT = new Limits(
            64 * 1024,
            1024 * 1024,
            128,
            100,
            200,
            8 * 1024 * 1024,
            100_000,
            1_000,
            Duration.ofSeconds(25),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30));

    /** The largest {@code maxMessageBytes}: 1 GiB. */
    public static final int MAX_MESSAGE_BYTES = 1 << 30;

    /** Refuses bounds that are not positive, and messages that no array could hold. */
    public Limits {
        if (maxMessageBytes > MAX_MESSAGE_BYTES) {
            throw new IllegalArgumentException("maxMessageBytes must not exceed " + MAX_MESSAGE_BYTES);
        }
        positive("maxMessageBytes", maxMessageBytes);
        positive("outboundQueueBytes", outboundQueueBytes);
        positive("maxChannels", maxChannels);
        positive("rateMessages", rateMessages);
        positive("rateBurst", rateBurst);
        positive("rateBytes", rateBytes);
        positive("maxConnections", maxConnections);
        positive("maxConnectionsPerAddress", maxConnectionsPerAddress);
        positive("pingInterval", pingInterval);
        positive("pongTimeout", pongTimeout);
        positive("handshakeTimeout", handshakeTimeout);
        positive("loginTimeout", loginTimeout);
        positive("frameTimeout", frameTimeout);
        positive("writeTimeout", writeTimeout);
        positive("drainTimeout", drainTimeout);
    }

    private static void positive(String name, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " must be positive");
        }
    }

    private static void positive(String name, Duration value) {
        Objects.requireNonNull(value, name);
        if (!value.isPositive() || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    name + " must be positive, and " + LONGEST.toDays() + " days at the most");
        }
    }

    /** The same with another {@code maxMessageBytes}. */
    public Limits withMaxMessageBytes(int maxMessageBytes) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code outboundQueueBytes}. */
    public Limits withOutboundQueueBytes(int outboundQueueBytes) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code maxChannels}. */
    public Limits withMaxChannels(int maxChannels) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code rateMessages}. */
    public Limits withRateMessages(int rateMessages) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code rateBurst}. */
    public Limits withRateBurst(int rateBurst) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code rateBytes}. */
    public Limits withRateBytes(int rateBytes) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code maxConnections}. */
    public Limits withMaxConnections(int maxConnections) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code maxConnectionsPerAddress}. */
    public Limits withMaxConnectionsPerAddress(int maxConnectionsPerAddress) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code pingInterval}. */
    public Limits withPingInterval(Duration pingInterval) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code pongTimeout}. */
    public Limits withPongTimeout(Duration pongTimeout) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code handshakeTimeout}. */
    public Limits withHandshakeTimeout(Duration handshakeTimeout) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code loginTimeout}. */
    public Limits withLoginTimeout(Duration loginTimeout) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code frameTimeout}. */
    public Limits withFrameTimeout(Duration frameTimeout) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code writeTimeout}. */
    public Limits withWriteTimeout(Duration writeTimeout) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }

    /** The same with another {@code drainTimeout}. */
    public Limits withDrainTimeout(Duration drainTimeout) {
        return new Limits(
                maxMessageBytes,
                outboundQueueBytes,
                maxChannels,
                rateMessages,
                rateBurst,
                rateBytes,
                maxConnections,
                maxConnectionsPerAddress,
                pingInterval,
                pongTimeout,
                handshakeTimeout,
                loginTimeout,
                frameTimeout,
                writeTimeout,
                drainTimeout);
    }
}

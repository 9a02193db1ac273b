package io.seleucia.chat;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * The limits that a server sets to its clients, in size, number and time. The defaults suit a public server; start from
 * {@link #DEFAULT} and change what differs.
 *
 * <p>TcpChat has no close codes and no errors: where another protocol reports one, the TCP port closes the connection. It
 * reads requests beyond the rate later, and the protocol fixes how long a peer may be silent.
 *
 * @param maxMessageBytes the longest message, at most 1 GiB; a longer one closes the connection with 1009
 * @param outboundQueueBytes bytes that may wait to be written to a client; beyond it the connection is closed with 4000
 * @param maxChannels subscriptions of a session at a time
 * @param rateMessages requests a second that a session may send on average; more are refused
 * @param rateBurst requests that a session may send at once
 * @param rateBytes bytes a second that a connection may send; it is read no faster than that, after as many at once
 * @param maxConnections connections at a time; more are refused with HTTP 503
 * @param maxConnectionsPerAddress connections at a time from one IPv4 address or one IPv6 network of 64 bits; more are
 *     refused with HTTP 503
 * @param maxChannelsTotal channels that may exist; beyond it no new ones begin. Counts the channels that the broker keeps if
 *     the broker knows their number, and otherwise those with subscribers on this server
 * @param quotas what a client may use across all its connections
 * @param pingInterval silence after which a peer is pinged
 * @param pongTimeout time in which a pinged peer must send something, or it is closed with 4001
 * @param handshakeTimeout time for the whole handshake, or for loading a page
 * @param loginTimeout time that a login may take, and that a client may stay without one if there are no guests
 * @param frameTimeout time from the first byte of a frame to its last
 * @param writeTimeout time that a write may make no progress before the connection is cut
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
        int maxChannelsTotal,
        Quotas quotas,
        Duration pingInterval,
        Duration pongTimeout,
        Duration handshakeTimeout,
        Duration loginTimeout,
        Duration frameTimeout,
        Duration writeTimeout,
        Duration drainTimeout) {
    private static final Duration LONGEST = Duration.ofDays(36_500); // the sum of two fits into a long of nanoseconds

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
            100_000,
            Quotas.DEFAULT,
            Duration.ofSeconds(25),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30));

    /** The largest {@code maxMessageBytes}: 1 GiB. */
    public static final int MAX_MESSAGE_BYTES = 1 << 30;

    /** Refuses limits that are not positive, and message sizes above {@link #MAX_MESSAGE_BYTES}. */
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
        positive("maxChannelsTotal", maxChannelsTotal);
        Objects.requireNonNull(quotas, "quotas");
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

    /**
     * {@return these limits with another {@code maxMessageBytes}}
     *
     * @param maxMessageBytes the new value
     */
    public Limits withMaxMessageBytes(int maxMessageBytes) {
        return copy(to -> to.maxMessageBytes = maxMessageBytes);
    }

    /**
     * {@return these limits with another {@code outboundQueueBytes}}
     *
     * @param outboundQueueBytes the new value
     */
    public Limits withOutboundQueueBytes(int outboundQueueBytes) {
        return copy(to -> to.outboundQueueBytes = outboundQueueBytes);
    }

    /**
     * {@return these limits with another {@code maxChannels}}
     *
     * @param maxChannels the new value
     */
    public Limits withMaxChannels(int maxChannels) {
        return copy(to -> to.maxChannels = maxChannels);
    }

    /**
     * {@return these limits with another {@code rateMessages}}
     *
     * @param rateMessages the new value
     */
    public Limits withRateMessages(int rateMessages) {
        return copy(to -> to.rateMessages = rateMessages);
    }

    /**
     * {@return these limits with another {@code rateBurst}}
     *
     * @param rateBurst the new value
     */
    public Limits withRateBurst(int rateBurst) {
        return copy(to -> to.rateBurst = rateBurst);
    }

    /**
     * {@return these limits with another {@code rateBytes}}
     *
     * @param rateBytes the new value
     */
    public Limits withRateBytes(int rateBytes) {
        return copy(to -> to.rateBytes = rateBytes);
    }

    /**
     * {@return these limits with another {@code maxConnections}}
     *
     * @param maxConnections the new value
     */
    public Limits withMaxConnections(int maxConnections) {
        return copy(to -> to.maxConnections = maxConnections);
    }

    /**
     * {@return these limits with another {@code maxConnectionsPerAddress}}
     *
     * @param maxConnectionsPerAddress the new value
     */
    public Limits withMaxConnectionsPerAddress(int maxConnectionsPerAddress) {
        return copy(to -> to.maxConnectionsPerAddress = maxConnectionsPerAddress);
    }

    /**
     * {@return these limits with another {@code maxChannelsTotal}}
     *
     * @param maxChannelsTotal the new value
     */
    public Limits withMaxChannelsTotal(int maxChannelsTotal) {
        return copy(to -> to.maxChannelsTotal = maxChannelsTotal);
    }

    /**
     * {@return these limits with another {@code quotas}}
     *
     * @param quotas the new value
     */
    public Limits withQuotas(Quotas quotas) {
        return copy(to -> to.quotas = quotas);
    }

    /**
     * {@return these limits with another {@code pingInterval}}
     *
     * @param pingInterval the new value
     */
    public Limits withPingInterval(Duration pingInterval) {
        return copy(to -> to.pingInterval = pingInterval);
    }

    /**
     * {@return these limits with another {@code pongTimeout}}
     *
     * @param pongTimeout the new value
     */
    public Limits withPongTimeout(Duration pongTimeout) {
        return copy(to -> to.pongTimeout = pongTimeout);
    }

    /**
     * {@return these limits with another {@code handshakeTimeout}}
     *
     * @param handshakeTimeout the new value
     */
    public Limits withHandshakeTimeout(Duration handshakeTimeout) {
        return copy(to -> to.handshakeTimeout = handshakeTimeout);
    }

    /**
     * {@return these limits with another {@code loginTimeout}}
     *
     * @param loginTimeout the new value
     */
    public Limits withLoginTimeout(Duration loginTimeout) {
        return copy(to -> to.loginTimeout = loginTimeout);
    }

    /**
     * {@return these limits with another {@code frameTimeout}}
     *
     * @param frameTimeout the new value
     */
    public Limits withFrameTimeout(Duration frameTimeout) {
        return copy(to -> to.frameTimeout = frameTimeout);
    }

    /**
     * {@return these limits with another {@code writeTimeout}}
     *
     * @param writeTimeout the new value
     */
    public Limits withWriteTimeout(Duration writeTimeout) {
        return copy(to -> to.writeTimeout = writeTimeout);
    }

    /**
     * {@return these limits with another {@code drainTimeout}}
     *
     * @param drainTimeout the new value
     */
    public Limits withDrainTimeout(Duration drainTimeout) {
        return copy(to -> to.drainTimeout = drainTimeout);
    }

    private Limits copy(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return copy.limits();
    }

    /** The components while one of them is changed. */
    private static final class Copy {
        private int maxMessageBytes;
        private int outboundQueueBytes;
        private int maxChannels;
        private int rateMessages;
        private int rateBurst;
        private int rateBytes;
        private int maxConnections;
        private int maxConnectionsPerAddress;
        private int maxChannelsTotal;
        private Quotas quotas;
        private Duration pingInterval;
        private Duration pongTimeout;
        private Duration handshakeTimeout;
        private Duration loginTimeout;
        private Duration frameTimeout;
        private Duration writeTimeout;
        private Duration drainTimeout;

        Copy(Limits from) {
            maxMessageBytes = from.maxMessageBytes;
            outboundQueueBytes = from.outboundQueueBytes;
            maxChannels = from.maxChannels;
            rateMessages = from.rateMessages;
            rateBurst = from.rateBurst;
            rateBytes = from.rateBytes;
            maxConnections = from.maxConnections;
            maxConnectionsPerAddress = from.maxConnectionsPerAddress;
            maxChannelsTotal = from.maxChannelsTotal;
            quotas = from.quotas;
            pingInterval = from.pingInterval;
            pongTimeout = from.pongTimeout;
            handshakeTimeout = from.handshakeTimeout;
            loginTimeout = from.loginTimeout;
            frameTimeout = from.frameTimeout;
            writeTimeout = from.writeTimeout;
            drainTimeout = from.drainTimeout;
        }

        Limits limits() {
            return new Limits(
                    maxMessageBytes,
                    outboundQueueBytes,
                    maxChannels,
                    rateMessages,
                    rateBurst,
                    rateBytes,
                    maxConnections,
                    maxConnectionsPerAddress,
                    maxChannelsTotal,
                    quotas,
                    pingInterval,
                    pongTimeout,
                    handshakeTimeout,
                    loginTimeout,
                    frameTimeout,
                    writeTimeout,
                    drainTimeout);
        }
    }
}

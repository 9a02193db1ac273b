package io.seleucia.chat.client;

import java.time.Duration;

/**
 * How long a client waits, and how much it keeps.
 *
 * @param publishTimeout from the call to the acknowledgement
 * @param connectTimeout from an attempt's beginning to being logged in
 * @param closeTimeout what {@link ChatClient#close} gives to what is not acknowledged yet
 * @param backoffBase the bound of the first wait before an attempt
 * @param backoffCap the bound of all waits
 * @param outboundBytes what may wait for its acknowledgement
 * @param inboundBytes what may wait for the listener
 */
record ClientSettings(
        Duration publishTimeout,
        Duration connectTimeout,
        Duration closeTimeout,
        Duration backoffBase,
        Duration backoffCap,
        int outboundBytes,
        int inboundBytes) {
    /** A key is kept for five minutes: what is repeated longer might be published twice. */
    private static final Duration LONGEST_PUBLISH = Duration.ofMinutes(4);

    private static final Duration LONGEST = Duration.ofDays(1);

    static final ClientSettings DEFAULT = new ClientSettings(
            Duration.ofSeconds(60),
            Duration.ofSeconds(15),
            Duration.ofSeconds(10),
            Duration.ofMillis(500),
            Duration.ofSeconds(20),
            1 << 20,
            1 << 20);

    ClientSettings {
        positive("publishTimeout", publishTimeout);
        positive("connectTimeout", connectTimeout);
        positive("closeTimeout", closeTimeout);
        positive("backoff", backoffBase);
        positive("the cap of the backoff", backoffCap);
        if (publishTimeout.compareTo(LONGEST_PUBLISH) > 0) {
            throw new IllegalArgumentException("publishTimeout must not be longer than four minutes");
        }
        if (backoffCap.compareTo(backoffBase) < 0) {
            throw new IllegalArgumentException("the cap of the backoff must not be shorter than its base");
        }
        if (outboundBytes < 1 || inboundBytes < 1) {
            throw new IllegalArgumentException("a buffer must have room for a byte");
        }
    }

    private static void positive(String name, Duration value) {
        if (value.isNegative() || value.isZero() || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(name + " must be more than nothing, and a day at most");
        }
    }

    ClientSettings withPublishTimeout(Duration publishTimeout) {
        return new ClientSettings(
                publishTimeout, connectTimeout, closeTimeout, backoffBase, backoffCap, outboundBytes, inboundBytes);
    }

    ClientSettings withConnectTimeout(Duration connectTimeout) {
        return new ClientSettings(
                publishTimeout, connectTimeout, closeTimeout, backoffBase, backoffCap, outboundBytes, inboundBytes);
    }

    ClientSettings withCloseTimeout(Duration closeTimeout) {
        return new ClientSettings(
                publishTimeout, connectTimeout, closeTimeout, backoffBase, backoffCap, outboundBytes, inboundBytes);
    }

    ClientSettings withBackoff(Duration base, Duration cap) {
        return new ClientSettings(publishTimeout, connectTimeout, closeTimeout, base, cap, outboundBytes, inboundBytes);
    }

    ClientSettings withOutboundBytes(int outboundBytes) {
        return new ClientSettings(
                publishTimeout, connectTimeout, closeTimeout, backoffBase, backoffCap, outboundBytes, inboundBytes);
    }

    ClientSettings withInboundBytes(int inboundBytes) {
        return new ClientSettings(
                publishTimeout, connectTimeout, closeTimeout, backoffBase, backoffCap, outboundBytes, inboundBytes);
    }
}

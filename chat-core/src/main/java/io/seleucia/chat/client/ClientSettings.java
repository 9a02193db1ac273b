package io.seleucia.chat.client;

import java.time.Duration;

/** The timeouts and limits of a client. See the methods of {@link ChatClient.Builder} with the same names. */
record ClientSettings(
        Duration publishTimeout,
        Duration connectTimeout,
        Duration closeTimeout,
        Duration backoffBase,
        Duration backoffCap,
        int outboundBytes,
        int inboundBytes) {
    private static final Duration LONGEST_PUBLISH = Duration.ofMinutes(4); // servers forget keys after five
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

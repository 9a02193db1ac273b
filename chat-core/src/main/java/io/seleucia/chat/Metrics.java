package io.seleucia.chat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.metrics.Counters;
import io.seleucia.chat.session.Quota;
import io.seleucia.chat.transport.WireBytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The metrics of a server at one moment. The values are read one after the other, so they may differ slightly. Counters
 * start at 0 with the server and never decrease.
 *
 * @param connections open connections: sessions and raw WebSockets
 * @param channels channels that have subscribers on this server
 * @param memory memory that the server keeps for clients, and its limit; includes the broker if it shares the budget
 * @param queuedBytes bytes that wait to be written to all clients
 * @param connectionsBegun connections that completed their handshake
 * @param connectionsEnded connections that have ended or are ending, by close code
 * @param handshakesRefused connections that were refused before they were open, by reason: {@code malformed}, {@code too_large},
 *     {@code host}, {@code origin}, {@code login}, {@code banned}, {@code forbidden}, {@code rate_limited}, {@code full}, {@code unavailable},
 *     {@code tls} and {@code timeout}
 * @param received messages received from clients: requests of all kinds
 * @param rateLimited requests that were refused with {@code rate_limited}, for any limit
 * @param quotaRefusals requests that were refused because the client had used up one of its {@link Quotas}, by quota:
 *     {@code messages}, {@code bytes}, {@code daily_bytes}, {@code channel_messages}, {@code new_channels}, {@code
 *     channels}, and {@code all_channels} for {@link Limits#maxChannelsTotal}; for {@code queued_bytes}, connections that were closed
 * @param publishing messages that clients published, and how long the broker took to accept them
 * @param delivered deliveries of a message to a member of its channel on this server
 * @param bytesIn bytes received, including handshakes; with TLS, the decrypted bytes
 * @param bytesOut bytes written, counted in the same way
 * @param recovered subscriptions from a position that were given all messages since
 * @param notRecovered subscriptions from a position after which messages were lost
 * @param brokerReconnects times that the broker lost its connection and connected again
 */
public record Metrics(
        int connections,
        int channels,
        MemoryBudget.Usage memory,
        long queuedBytes,
        long connectionsBegun,
        Map<CloseCode, Long> connectionsEnded,
        Map<String, Long> handshakesRefused,
        long received,
        long rateLimited,
        Map<String, Long> quotaRefusals,
        Durations publishing,
        long delivered,
        long bytesIn,
        long bytesOut,
        long recovered,
        long notRecovered,
        long brokerReconnects) {
    /** Keeps its own copy. */
    public Metrics {
        connectionsEnded = Map.copyOf(connectionsEnded);
        handshakesRefused = Map.copyOf(handshakesRefused);
        quotaRefusals = Map.copyOf(quotaRefusals);
    }

    static Metrics read(
            Counters counters,
            Map<Quota, Long> refusals,
            Map<String, Long> handshakesRefused,
            List<ServedConnection> connections,
            WireBytes bytes,
            int channels,
            MemoryBudget.Usage memory,
            Broker.Health broker) {
        return new Metrics(
                connections.size(),
                channels,
                memory,
                connections.stream().mapToLong(ServedConnection::queuedBytes).sum(),
                counters.total(Counters.Count.SESSIONS),
                counters.ends(),
                handshakesRefused,
                counters.total(Counters.Count.RECEIVED),
                counters.total(Counters.Count.RATE_LIMITED),
                byName(refusals),
                publishing(counters),
                counters.total(Counters.Count.DELIVERED),
                bytes.bytesIn(),
                bytes.bytesOut(),
                counters.total(Counters.Count.RECOVERED),
                counters.total(Counters.Count.NOT_RECOVERED),
                broker.reconnects());
    }

    private static Map<String, Long> byName(Map<Quota, Long> refusals) {
        Map<String, Long> byName = new TreeMap<>();
        refusals.forEach((quota, count) -> byName.put(quota.name().toLowerCase(Locale.ROOT), count));
        return byName;
    }

    private static Durations publishing(Counters counters) {
        long[] bounds = Counters.bucketNanos();
        long[] counts = counters.publishing();
        List<Bucket> buckets = new ArrayList<>();
        for (int i = 0; i < counts.length; i++) {
            Duration upTo = i < bounds.length ? Duration.ofNanos(bounds[i]) : Bucket.UNBOUNDED;
            buckets.add(new Bucket(upTo, counts[i]));
        }
        return new Durations(buckets, Duration.ofNanos(counters.publishingNanos()));
    }

    /** {@return the number of clients that were closed because their outbound queue was full} */
    public long slowConsumers() {
        return connectionsEnded.get(CloseCode.SLOW_CONSUMER);
    }

    /**
     * A histogram of durations.
     *
     * @param buckets the buckets in rising order
     * @param total the sum of all durations
     */
    public record Durations(List<Bucket> buckets, Duration total) {
        /** Keeps its own copy. */
        public Durations {
            buckets = List.copyOf(buckets);
        }

        /** {@return the number of durations in all buckets} */
        public long count() {
            return buckets.stream().mapToLong(Bucket::count).sum();
        }
    }

    /**
     * A bucket of a histogram.
     *
     * @param upTo the upper bound, inclusive; {@link #UNBOUNDED} for the last bucket
     * @param count the number of durations above the bound of the bucket before and up to this one
     */
    public record Bucket(Duration upTo, long count) {
        /** The bound of the last bucket. */
        public static final Duration UNBOUNDED = Duration.ofSeconds(Long.MAX_VALUE);
    }
}

package io.seleucia.chat;

import io.seleucia.chat.message.CloseCode;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What a server is doing and has done, in numbers, as of one moment: a snapshot, whose numbers may differ by what
 * happened while they were read. What was counted was counted since the server began, and only ever grows.
 *
 * @param connections connections that are there: sessions, and raw WebSockets
 * @param channels channels that have subscribers on this server
 * @param queuedBytes what waits to be written to all clients
 * @param connectionsBegun connections whose handshake was done
 * @param connectionsEnded connections whose end has begun, for each reason
 * @param received messages that came from clients, whatever they say: requests of all kinds
 * @param rateLimited requests that were refused because their session sent too many
 * @param publishing messages that clients published, and how long the broker took to take them
 * @param delivered how often a message was given to a member of its channel on this server
 * @param bytesIn bytes that came, handshakes included; inside TLS, if there is TLS
 * @param bytesOut bytes that were written, likewise
 * @param recovered subscriptions that said since when they missed something, and were given all of it
 * @param notRecovered subscriptions that said so when some of it was gone
 * @param brokerReconnects how often the broker lost its connection and made it anew
 */
public record Metrics(
        int connections,
        int channels,
        long queuedBytes,
        long connectionsBegun,
        Map<CloseCode, Long> connectionsEnded,
        long received,
        long rateLimited,
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
    }

    /** Clients that were closed because more waited for them than may wait. */
    public long slowConsumers() {
        return connectionsEnded.get(CloseCode.SLOW_CONSUMER);
    }

    /**
     * How long something took each time.
     *
     * @param buckets rising, and together all that were counted
     * @param total all of them together
     */
    public record Durations(List<Bucket> buckets, Duration total) {
        /** Keeps its own copy. */
        public Durations {
            buckets = List.copyOf(buckets);
        }

        /** How many were counted. */
        public long count() {
            return buckets.stream().mapToLong(Bucket::count).sum();
        }
    }

    /**
     * A part of what was counted.
     *
     * @param upTo how long they took at the most, and longer than those of the bucket before; the last one has no bound,
     *     which is {@link #UNBOUNDED}
     * @param count how many there were, those of other buckets not among them
     */
    public record Bucket(Duration upTo, long count) {
        /** The bound of the last bucket. */
        public static final Duration UNBOUNDED = Duration.ofSeconds(Long.MAX_VALUE);
    }
}

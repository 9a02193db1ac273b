package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.Faults;
import io.seleucia.chat.benchmark.Latencies;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BinaryOperator;

/**
 * The state of a load, or of one part of it.
 *
 * @param counts since the start, except for those of a moment
 * @param lastNanos for some counters, the time from the last timed command to the last increment
 * @param latencies since the last command {@code measure}, encoded
 * @param errors replies that are errors and ends of connections, counted by text
 * @param pauseNanos the longest time without polling since the last command {@code measure}
 */
record Status(
        Map<Counter, Long> counts,
        Map<Counter, Long> lastNanos,
        Map<Latency, String> latencies,
        Map<String, Long> errors,
        Faults faults,
        long pauseNanos) {
    enum Counter {
        CLIENTS,
        /** Connections that were begun. */
        ATTEMPTED,
        /** Logins, of which a client that comes back has several. */
        CONNECTED,
        /** Clients with all their channels at this moment. */
        READY,
        SUBSCRIBED,
        /** Messages, each once even if it was sent several times. */
        SENT,
        /** Acknowledged messages. */
        PUBLISHED,
        /** First deliveries of a message to a member. */
        DELIVERED,
        /** Deliveries when all sent messages will have arrived. */
        EXPECTED,
        /** Publishers with something to send, or without an acknowledgement, at this moment. */
        WAITING,
        /** Channels that were continued without loss. */
        RECOVERED,
        UNRECOVERED,
        /** Messages whose offset does not follow the previous one. */
        MISPLACED,
        CPU_NANOS
    }

    enum Latency {
        DELIVERY,
        /** From a publish to its acknowledgement. */
        PUBLISH,
        /** From reconnecting to the last subscription. */
        RETURN
    }

    /** Adds another part of the load. */
    Status plus(Status other) {
        return new Status(
                merged(counts, other.counts, Long::sum),
                merged(lastNanos, other.lastNanos, Math::max),
                merged(latencies, other.latencies, Status::merged),
                merged(errors, other.errors, Long::sum),
                faults.plus(other.faults),
                Math.max(pauseNanos, other.pauseNanos));
    }

    private static <K extends Comparable<K>, V> Map<K, V> merged(
            Map<K, V> one, Map<K, V> other, BinaryOperator<V> merge) {
        Map<K, V> all = new TreeMap<>(one);
        other.forEach((key, value) -> all.merge(key, value, merge));
        return all;
    }

    private static String merged(String one, String other) {
        Latencies all = Latencies.decoded(one);
        all.add(Latencies.decoded(other));
        return all.encoded();
    }

    long count(Counter counter) {
        return counts.get(counter);
    }

    double lastSeconds(Counter counter) {
        return lastNanos.get(counter) / 1e9;
    }

    Latencies latencies(Latency latency) {
        return Latencies.decoded(latencies.get(latency));
    }

    boolean isConnected() {
        return count(Counter.CONNECTED) >= count(Counter.CLIENTS);
    }

    boolean isReady() {
        return count(Counter.READY) == count(Counter.CLIENTS);
    }

    /** Returns whether every message is acknowledged and delivered. */
    boolean isDrained() {
        return count(Counter.WAITING) == 0 && count(Counter.DELIVERED) >= count(Counter.EXPECTED);
    }

    /** Returns a number that grows while anything happens. */
    long progress() {
        return count(Counter.CONNECTED)
                + count(Counter.SUBSCRIBED)
                + count(Counter.PUBLISHED)
                + count(Counter.DELIVERED);
    }
}

package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.Latencies;
import io.seleucia.chat.benchmark.scaling.Status.Counter;
import io.seleucia.chat.benchmark.scaling.Status.Latency;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Counts the events of one part of a load, for its {@link Status}. Not thread-safe. */
final class Tally {
    private final long[] counts = new long[Counter.values().length];
    private final long[] lastAt = new long[counts.length]; // time of the last increment
    private final Latencies[] latencies = new Latencies[Latency.values().length];
    private final Map<String, Long> errors = new TreeMap<>();
    private long startedAt;
    private long longestPause;

    Tally() {
        startTimer(System.nanoTime());
        Arrays.fill(lastAt, startedAt);
        measure();
    }

    /** Starts a command whose duration is measured. */
    void startTimer(long now) {
        startedAt = now;
    }

    /** Starts to measure latencies and the longest pause. */
    void measure() {
        Arrays.setAll(latencies, any -> new Latencies());
        longestPause = 0;
    }

    void add(Counter counter, int difference) {
        counts[counter.ordinal()] += difference;
    }

    void count(Counter counter, long now) {
        counts[counter.ordinal()]++;
        lastAt[counter.ordinal()] = now;
    }

    long count(Counter counter) {
        return counts[counter.ordinal()];
    }

    void record(Latency latency, long nanos) {
        latencies[latency.ordinal()].record(nanos);
    }

    /** Counts an error that a client of a healthy server does not see. */
    void error(String text) {
        errors.merge(text, 1L, Long::sum);
    }

    /** Notes the time between two polls. */
    void paused(long nanos) {
        longestPause = Math.max(longestPause, nanos);
    }

    Status status(Plan plan, Receipts receipts, List<Publisher> publishers) {
        Map<Counter, Long> all = new EnumMap<>(Counter.class);
        Map<Counter, Long> lastNanos = new EnumMap<>(Counter.class);
        for (Counter counter : Counter.values()) {
            all.put(counter, counts[counter.ordinal()]);
            lastNanos.put(counter, lastAt[counter.ordinal()] - startedAt);
        }
        long sent = count(Counter.SENT)
                + publishers.stream().mapToLong(Publisher::sent).sum();
        all.put(Counter.CLIENTS, (long) plan.ownPlaces() * plan.rounds());
        all.put(Counter.SENT, sent);
        all.put(Counter.EXPECTED, sent * plan.rounds());
        all.put(Counter.WAITING, publishers.stream().filter(Publisher::hasWork).count());
        all.put(Counter.DELIVERED, receipts.delivered());
        all.put(Counter.MISPLACED, receipts.misplaced());
        all.put(
                Counter.CPU_NANOS,
                ProcessHandle.current()
                        .info()
                        .totalCpuDuration()
                        .orElse(Duration.ZERO)
                        .toNanos());
        Map<Latency, String> encoded = new EnumMap<>(Latency.class);
        for (Latency latency : Latency.values()) {
            encoded.put(latency, latencies[latency.ordinal()].encoded());
        }
        return new Status(all, lastNanos, encoded, Map.copyOf(errors), receipts.faults(), longestPause);
    }
}

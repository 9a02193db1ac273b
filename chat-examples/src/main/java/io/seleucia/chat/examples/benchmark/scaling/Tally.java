package io.seleucia.chat.examples.benchmark.scaling;

import io.seleucia.chat.examples.benchmark.Latencies;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What has happened to the members of one part of a load: the figures of its {@link Status}. Not thread-safe. */
final class Tally {
    private final Map<String, Long> errors = new TreeMap<>();
    private long attempts;
    private int connected;
    private int ready;
    private long subscribed;
    private long recovered;
    private long unrecovered;
    private long looped; // messages sent in closed loops
    private long published;
    private long orderedAt = System.nanoTime(); // the last command that is measured from
    private long connectedAt = orderedAt;
    private long subscribedAt = orderedAt;
    private long deliveredAt = orderedAt;
    private long longestPause;
    private Latencies deliveries = new Latencies();
    private Latencies acknowledgements = new Latencies();
    private Latencies recoveries = new Latencies();

    /** Times are measured from now on. */
    void ordered(long now) {
        orderedAt = now;
    }

    /** Latencies and the longest pause are measured anew. */
    void measure() {
        deliveries = new Latencies();
        acknowledgements = new Latencies();
        recoveries = new Latencies();
        longestPause = 0;
    }

    /** Something went wrong that a client of a healthy server does not see. */
    void error(String what) {
        errors.merge(what, 1L, Long::sum);
    }

    /** The load has not looked for so long what had come. */
    void paused(long nanos) {
        longestPause = Math.max(longestPause, nanos);
    }

    /** A connection is begun. */
    void attempted() {
        attempts++;
    }

    /** A client is logged in. */
    void connected(long now) {
        connected++;
        connectedAt = now;
    }

    /** How often one has been logged in. */
    int connected() {
        return connected;
    }

    /** A client is subscribed to a channel. */
    void subscribed(long now) {
        subscribed++;
        subscribedAt = now;
    }

    /** A client goes on in a channel, with all that it has missed or without. */
    void recovered(boolean all) {
        recovered += all ? 1 : 0;
        unrecovered += all ? 0 : 1;
    }

    /** A client has all its channels. */
    void ready() {
        ready++;
    }

    /** That took so long, for one that came back. */
    void returned(long nanos) {
        recoveries.record(nanos);
    }

    /** A client that had all its channels has lost its connection. */
    void away() {
        ready--;
    }

    /** A message is sent in a closed loop. */
    void looped() {
        looped++;
    }

    /** A message is acknowledged. */
    void published() {
        published++;
    }

    /** That took so long. */
    void acknowledged(long nanos) {
        acknowledgements.record(nanos);
    }

    /** A message has reached a member. */
    void delivered(long now) {
        deliveredAt = now;
    }

    /** That took so long, where it counts. */
    void reached(long nanos) {
        deliveries.record(nanos);
    }

    /** All of it. */
    Status status(Plan plan, Receipts receipts, List<Publisher> publishers) {
        long sent = looped + publishers.stream().mapToLong(Publisher::sent).sum();
        return new Status(
                plan.ownPlaces() * plan.rounds(),
                attempts,
                connected,
                ready,
                subscribed,
                connectedAt - orderedAt,
                subscribedAt - orderedAt,
                deliveredAt - orderedAt,
                sent,
                published,
                receipts.delivered(),
                sent * plan.rounds(),
                publishers.stream().filter(Publisher::hasWork).count(),
                recovered,
                unrecovered,
                Map.copyOf(errors),
                receipts.faults(),
                receipts.misplaced(),
                deliveries.encoded(),
                acknowledgements.encoded(),
                recoveries.encoded(),
                longestPause,
                ProcessHandle.current()
                        .info()
                        .totalCpuDuration()
                        .orElse(Duration.ZERO)
                        .toNanos());
    }
}

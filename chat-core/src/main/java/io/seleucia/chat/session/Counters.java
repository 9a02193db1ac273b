package io.seleucia.chat.session;

import io.seleucia.chat.message.CloseCode;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/**
 * What happened on a server since it began, counted where it happens, by any thread. To count takes a few nanoseconds,
 * and a fan-out counts once for all its members.
 */
public final class Counters {
    /** What is counted. */
    public enum Count {
        /** Connections whose handshake was done. */
        SESSIONS,
        /** Messages of the transport that came, whatever they say. */
        RECEIVED,
        /** Requests that were refused because there were too many. */
        RATE_LIMITED,
        /** Members of this server to which a message of their channel was given. */
        DELIVERED,
        /** Sessions that said since when they missed something, and were given all of it. */
        RECOVERED,
        /** Sessions that said since when they missed something, of which some was gone. */
        NOT_RECOVERED
    }

    /** The upper ends of the buckets for the times of publishing, in nanoseconds, rising by about two and a half. */
    private static final long[] BUCKETS = {
        100_000,
        250_000,
        500_000,
        1_000_000,
        2_500_000,
        5_000_000,
        10_000_000,
        25_000_000,
        50_000_000,
        100_000_000,
        250_000_000,
        500_000_000,
        1_000_000_000,
        2_500_000_000L
    };

    private final LongAdder[] counts = adders(Count.values().length);
    private final LongAdder[] ends = adders(CloseCode.values().length);
    private final LongAdder[] published = adders(BUCKETS.length + 1); // the last is for what took longer
    private final LongAdder publishingNanos = new LongAdder();

    private static LongAdder[] adders(int length) {
        return Stream.generate(LongAdder::new).limit(length).toArray(LongAdder[]::new);
    }

    /** It happened once. */
    void add(Count what) {
        counts[what.ordinal()].increment();
    }

    /** It happened so many times. */
    void add(Count what, int times) {
        counts[what.ordinal()].add(times);
    }

    /** The end of a session began. */
    void ended(CloseCode code) {
        ends[code.ordinal()].increment();
    }

    /** The broker took a message, after so long. */
    void published(long nanos) {
        int bucket = 0;
        while (bucket < BUCKETS.length && nanos > BUCKETS[bucket]) {
            bucket++;
        }
        published[bucket].increment();
        publishingNanos.add(nanos);
    }

    /** How often it happened. */
    public long total(Count what) {
        return counts[what.ordinal()].sum();
    }

    /** How many sessions ended for each reason. */
    public Map<CloseCode, Long> ends() {
        Map<CloseCode, Long> totals = new EnumMap<>(CloseCode.class);
        for (CloseCode code : CloseCode.values()) {
            totals.put(code, ends[code.ordinal()].sum());
        }
        return totals;
    }

    /** The longest time, in nanoseconds, of each bucket of {@link #publishing} but the last, which has no bound. */
    public static long[] bucketNanos() {
        return BUCKETS.clone();
    }

    /** How many messages took how long to be published. */
    public long[] publishing() {
        return Stream.of(published).mapToLong(LongAdder::sum).toArray();
    }

    /** How long all of them took together. */
    public long publishingNanos() {
        return publishingNanos.sum();
    }
}

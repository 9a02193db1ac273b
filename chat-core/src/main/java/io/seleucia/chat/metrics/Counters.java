package io.seleucia.chat.metrics;

import io.seleucia.chat.message.CloseCode;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * The events of a server since it began, counted where they happen, by any thread. Counting takes a few nanoseconds, and a
 * fan-out counts once for all its members.
 */
public final class Counters {
    /** The kinds of events. */
    public enum Count {
        /** Connections whose handshake was done. */
        SESSIONS,
        /** Messages of the transport that came. */
        RECEIVED,
        /** Requests that were refused because there were too many. */
        RATE_LIMITED,
        /** Members of this server to which a message of their channel was given. */
        DELIVERED,
        /** Sessions that came back with a position, and were sent everything since. */
        RECOVERED,
        /** Sessions that came back with a position, since which something was gone. */
        NOT_RECOVERED
    }

    /** The upper ends of the buckets for the times of publishing, in nanoseconds, rising by about two and a half. */
    private static final long[] BUCKETS = LongStream.iterate(100_000, decade -> decade * 10)
            .flatMap(decade -> LongStream.of(decade, decade * 5 / 2, decade * 5))
            .limit(14)
            .toArray();

    private final LongAdder[] counts = adders(Count.values().length);
    private final LongAdder[] ends = adders(CloseCode.values().length);
    private final LongAdder[] published = adders(BUCKETS.length + 1); // the last is for longer times
    private final LongAdder publishingNanos = new LongAdder();

    private static LongAdder[] adders(int length) {
        return Stream.generate(LongAdder::new).limit(length).toArray(LongAdder[]::new);
    }

    /** Increments a counter. */
    public void add(Count what) {
        counts[what.ordinal()].increment();
    }

    /** Adds to a counter. */
    public void add(Count what, int times) {
        counts[what.ordinal()].add(times);
    }

    /** Counts the end of a session. */
    public void ended(CloseCode code) {
        ends[code.ordinal()].increment();
    }

    /** Counts a message that the broker took, after so long. */
    public void published(long nanos) {
        int bucket = 0;
        while (bucket < BUCKETS.length && nanos > BUCKETS[bucket]) {
            bucket++;
        }
        published[bucket].increment();
        publishingNanos.add(nanos);
    }

    /** Returns a counter. */
    public long total(Count what) {
        return counts[what.ordinal()].sum();
    }

    /** Returns the number of ended sessions for each reason. */
    public Map<CloseCode, Long> ends() {
        Map<CloseCode, Long> totals = new EnumMap<>(CloseCode.class);
        for (CloseCode code : CloseCode.values()) {
            totals.put(code, ends[code.ordinal()].sum());
        }
        return totals;
    }

    /** Returns the longest time, in nanoseconds, of each bucket of {@link #publishing} except the last. */
    public static long[] bucketNanos() {
        return BUCKETS.clone();
    }

    /** Returns the number of published messages in each bucket. */
    public long[] publishing() {
        return Stream.of(published).mapToLong(LongAdder::sum).toArray();
    }

    /** Returns the time that they took in all. */
    public long publishingNanos() {
        return publishingNanos.sum();
    }
}

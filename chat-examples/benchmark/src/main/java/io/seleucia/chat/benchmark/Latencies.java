package io.seleucia.chat.benchmark;

/** A histogram of times in nanoseconds, with 64 steps for each power of two: a step is 1.6 % wide. Not thread-safe. */
public final class Latencies {
    private static final int STEP_BITS = 6;
    private static final int STEPS = 1 << STEP_BITS;

    private final long[] counts = new long[STEPS * (Long.SIZE - STEP_BITS)];
    private long total;
    private long max;

    /** Adds one. */
    public void record(long nanos) {
        counts[index(Math.max(0, nanos))]++;
        total++;
        max = Math.max(max, nanos);
    }

    /** Adds all of another histogram. */
    public void add(Latencies other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        total += other.total;
        max = Math.max(max, other.max);
    }

    /** Returns the latency that a share of all did not exceed, rounded up to a step; 0 if there are none. */
    public long quantile(double share) {
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen > 0 && seen >= share * total) {
                return Math.min(max, last(i));
            }
        }
        return max;
    }

    /** Returns the longest latency. */
    public long max() {
        return max;
    }

    /** Returns the number of latencies. */
    public long total() {
        return total;
    }

    /** Returns the histogram as text, for another process. */
    public String encoded() {
        StringBuilder text = new StringBuilder(Long.toString(max));
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] > 0) {
                text.append(' ').append(i).append('=').append(counts[i]);
            }
        }
        return text.toString();
    }

    /** Returns a histogram from its text. */
    public static Latencies decoded(String text) {
        Latencies latencies = new Latencies();
        String[] words = text.split(" ");
        latencies.max = Long.parseLong(words[0]);
        for (int i = 1; i < words.length; i++) {
            String[] step = words[i].split("=");
            latencies.counts[Integer.parseInt(step[0])] = Long.parseLong(step[1]);
            latencies.total += Long.parseLong(step[1]);
        }
        return latencies;
    }

    private static int index(long nanos) {
        if (nanos < STEPS) {
            return (int) nanos;
        }
        int shift = Long.SIZE - 1 - STEP_BITS - Long.numberOfLeadingZeros(nanos);
        return (shift << STEP_BITS) + (int) (nanos >>> shift);
    }

    /** Returns the last nanosecond of a step. */
    private static long last(int index) {
        int shift = Math.max(0, (index >> STEP_BITS) - 1);
        return (index - ((long) shift << STEP_BITS) + 1 << shift) - 1;
    }
}

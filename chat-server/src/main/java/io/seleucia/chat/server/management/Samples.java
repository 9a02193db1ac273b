package io.seleucia.chat.server.management;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import io.seleucia.chat.Metrics;
import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Samples of the metrics, for the charts of the console: one each interval, for an hour. Rates are means of an interval. A
 * virtual thread takes them.
 */
final class Samples implements AutoCloseable {
    static final Duration INTERVAL = Duration.ofSeconds(10);

    private static final Logger LOG = System.getLogger(Samples.class.getName());
    private static final int KEPT = 360;
    private static final double NANOS = 1e9;
    private static final double MILLIS = 1e3;

    private static final List<String> FIELDS = List.of(
            "time",
            "connections",
            "published",
            "delivered",
            "latency",
            "bytesIn",
            "bytesOut",
            "queued",
            "memory",
            "refused",
            "limited",
            "slow");

    /** The metrics at a moment of the process' clock. */
    private record Reading(long nanos, Metrics metrics) {}

    private final long beganMillis = System.currentTimeMillis();
    private final long beganNanos = System.nanoTime();
    private final Supplier<Metrics> metrics;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final ReentrantLock lock = new ReentrantLock(); // guards the next two
    private final ArrayDeque<double[]> samples = new ArrayDeque<>();
    private Reading last;

    /** @param metrics must not block */
    Samples(Supplier<Metrics> metrics) {
        this.metrics = metrics;
        this.last = read();
    }

    void start() {
        Thread.ofVirtual()
                .name("management-samples")
                .start(() -> Loop.every(INTERVAL, LOG, "sampling the metrics", closed, this::take));
    }

    private Reading read() {
        return new Reading(System.nanoTime(), metrics.get());
    }

    /** Takes a sample of the time since the one before. */
    void take() {
        Reading now = read();
        lock.lock();
        try {
            samples.add(sample(last, now));
            last = now;
            if (samples.size() > KEPT) {
                samples.remove();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Returns the time of a moment, in milliseconds since 1970: by a clock that never jumps, unlike that of the wall. */
    private long millis(long nanos) {
        return beganMillis + TimeUnit.NANOSECONDS.toMillis(nanos - beganNanos);
    }

    private double[] sample(Reading before, Reading now) {
        Metrics a = before.metrics;
        Metrics b = now.metrics;
        double seconds = Math.max(1, now.nanos - before.nanos) / NANOS;
        long published = b.publishing().count() - a.publishing().count();
        double publishing = b.publishing().total().minus(a.publishing().total()).toNanos() / NANOS;
        return new double[] {
            millis(now.nanos),
            b.connections(),
            published / seconds,
            (b.delivered() - a.delivered()) / seconds,
            published > 0 ? publishing * MILLIS / published : 0,
            (b.bytesIn() - a.bytesIn()) / seconds,
            (b.bytesOut() - a.bytesOut()) / seconds,
            b.queuedBytes(),
            b.memory().total(),
            refused(b) - refused(a),
            b.rateLimited() - a.rateLimited(),
            b.slowConsumers() - a.slowConsumers()
        };
    }

    private static long refused(Metrics metrics) {
        return metrics.handshakesRefused().values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /** Returns the samples that were taken after a time, in milliseconds since 1970, each as an array in the order of the fields. */
    JsonElement after(long time) {
        JsonArray rows = new JsonArray();
        for (double[] sample : copy()) {
            if (sample[0] > time) {
                JsonArray row = new JsonArray();
                for (double value : sample) {
                    if (value == Math.rint(value)) {
                        row.add((long) value);
                    } else {
                        row.add(Math.round(value * MILLIS) / MILLIS);
                    }
                }
                rows.add(row);
            }
        }
        return Json.object(
                "seconds", INTERVAL.toSeconds(), "now", millis(System.nanoTime()), "fields", FIELDS, "samples", rows);
    }

    private List<double[]> copy() {
        lock.lock();
        try {
            return List.copyOf(samples);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        closed.countDown();
    }
}

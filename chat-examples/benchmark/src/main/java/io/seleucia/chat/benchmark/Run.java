package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/** One scenario with one server: clients connect, the load warms up, is measured, and drains. */
final class Run {
    private static final long SECOND = 1_000_000_000;
    private static final long STALL_NANOS = 10 * SECOND;
    private static final double AFTERMATH_SECONDS = 0.2;
    private static final int SETTLE_SECONDS = 1;
    private static final int FIRST_CONNECTIONS = 2_000; // so that the server loads and compiles its code

    private final Server server;
    private final Workload workload;
    private final Options options;
    private final Progress progress;
    private final Map<Metric, Double> values = new EnumMap<>(Metric.class);
    private final Latencies latencies = new Latencies();

    private Run(Server server, Workload workload, Options options, Progress progress) {
        this.server = server;
        this.workload = workload;
        this.options = options;
        this.progress = progress;
    }

    /**
     * Measures.
     *
     * @throws IOException if a connection fails or a message does not arrive
     */
    static Result of(Server server, Workload workload, Options options, Progress progress) throws IOException {
        Run run = new Run(server, workload, options, progress);
        return workload.scenario() == Scenario.IDLE ? run.idle() : run.busy();
    }

    private Result busy() throws IOException {
        try (Load load = load(workload)) {
            until("connecting", load, load::isReady);
            load.start();
            during("warm-up", load, options.warmup());
            Reading before = read(load);
            load.record(latencies);
            during("measuring", load, options.seconds());
            load.record(new Latencies());
            evaluate(before, read(load));
            put(Metric.RESIDENT, server.residentBytes(), 0, 1);
            drain(load);
            return new Result(values, latencies, load.faults());
        }
    }

    private Result idle() throws IOException {
        Faults faults;
        try (Load first = load(workload.withMembers(Math.min(workload.members(), FIRST_CONNECTIONS)))) {
            faults = sendOnce(first);
        }
        try (Load load = load(workload)) {
            long heapBefore = server.liveHeapBytes().orElse(0);
            long residentBefore = server.residentBytes().orElse(0);
            faults = faults.plus(sendOnce(load));
            put(Metric.RESIDENT_EACH, server.residentBytes(), residentBefore, workload.members());
            put(Metric.HEAP_EACH, server.liveHeapBytes(), heapBefore, workload.members());
            return new Result(values, latencies, faults);
        }
    }

    /** The clocks, in nanoseconds, and counters at one moment. */
    private record Reading(long time, long count, long reads, Optional<Duration> serverCpu, long loadCpu) {}

    private Reading read(Load load) {
        long loadCpu = ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .orElse(Duration.ZERO)
                .toNanos();
        return new Reading(System.nanoTime(), load.count(), load.reads(), server.cpu(), loadCpu);
    }

    private void evaluate(Reading before, Reading after) throws IOException {
        double nanos = after.time - before.time;
        double count = after.count - before.count;
        if (count == 0) {
            throw new IOException("nothing arrived in " + options.seconds() + " s");
        }
        values.put(Metric.RATE, count / nanos * SECOND);
        before.serverCpu.ifPresent(begin -> after.serverCpu.ifPresent(
                end -> values.put(Metric.SERVER_CPU, end.minus(begin).toNanos() / 1e3 / count)));
        values.put(Metric.P50, latencies.quantile(0.5) / 1e3);
        values.put(Metric.P99, latencies.quantile(0.99) / 1e3);
        values.put(Metric.P999, latencies.quantile(0.999) / 1e3);
        values.put(Metric.MAX, latencies.max() / 1e3);
        values.put(Metric.LOAD_BUSY, 100 * (after.loadCpu - before.loadCpu) / nanos);
        values.put(Metric.BATCH, count / Math.max(1, after.reads - before.reads));
    }

    private Load load(Workload workload) throws IOException {
        URI url = server.url(workload.scenario());
        return switch (workload.scenario()) {
            case BIG, SOLO, ROOMS, ROOMS4, WIDE, IDLE -> new ChannelLoad(url, options.protocol(), workload);
            case ECHO -> new ChannelLoad(url, Dialect.ECHO, workload);
            case CONNECT -> new ConnectLoad(url, options.protocol(), workload);
        };
    }

    private void put(Metric metric, OptionalLong bytes, long before, int connections) {
        bytes.ifPresent(now -> values.put(metric, (double) (now - before) / connections));
    }

    private Faults sendOnce(Load load) throws IOException {
        until("connecting", load, load::isReady);
        load.start();
        drain(load);
        during("settling", load, SETTLE_SECONDS);
        return load.faults();
    }

    private void during(String phase, Load load, double seconds) throws IOException {
        long end = System.nanoTime() + (long) (seconds * SECOND);
        until(phase, load, () -> System.nanoTime() - end >= 0);
    }

    /** Stops the load. Waits until everything has been delivered, and a little longer for surplus messages. */
    private void drain(Load load) throws IOException {
        load.stop();
        until("draining", load, load::isDone);
        during("draining", load, AFTERMATH_SECONDS);
    }

    private void until(String phase, Load load, BooleanSupplier done) throws IOException {
        progress.phase(phase);
        long last = -1;
        long since = System.nanoTime();
        while (!done.getAsBoolean()) {
            load.step();
            long now = System.nanoTime();
            long progressed = load.ready() + load.count();
            if (progressed != last) {
                last = progressed;
                since = now;
            } else if (now - since > STALL_NANOS) {
                throw new IOException("no progress for " + STALL_NANOS / SECOND + " s; " + load.ready()
                        + " clients are ready, " + load.faults());
            }
            progress.step(load);
        }
    }
}

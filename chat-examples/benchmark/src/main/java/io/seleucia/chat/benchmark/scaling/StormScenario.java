package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.scaling.Figures.Unit;
import io.seleucia.chat.benchmark.scaling.Status.Counter;
import io.seleucia.chat.benchmark.scaling.Status.Latency;
import java.io.IOException;
import java.util.Locale;

/** All clients, or those of one server, lose their connections at once and come back while others keep publishing. */
final class StormScenario extends ScalingRun {
    /** The ways to cut the connections. */
    enum Cut {
        KILL,
        RESET;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final double WINDOW_SECONDS = 1;
    private static final int SPARE_DESCRIPTORS = 2_000; // of a server, for connections whose clients have given up

    private final Cut cut;

    StormScenario(Fleet fleet, ScalingOptions options, Figures figures, Cut cut) {
        super(fleet, options, figures);
        this.cut = cut;
    }

    @Override
    void measure() throws IOException {
        Plan plan = plan(1).withRounds(1 + clients() / options.channels(), 1).withSteady(options.spread());
        figures.put("clients", plan.clients() - plan.places(), Unit.COUNT);
        figures.put("channels", options.channels(), Unit.COUNT);
        Status connected = connect(plan);
        Status subscribed = subscribe(1);
        figures.put("connecting took", connected.lastSeconds(Counter.CONNECTED), Unit.SECONDS);
        figures.put("subscribing took", subscribed.lastSeconds(Counter.SUBSCRIBED), Unit.SECONDS);
        pace(plan);
        fleet.during("warm-up", options.warmup());
        storm(before());
    }

    /** Returns the number of clients, which the remaining servers must have file descriptors for. */
    private int clients() {
        int servers = fleet.ports().size() - (cut == Cut.KILL ? 1 : 0);
        long most = (Machine.descriptors() - SPARE_DESCRIPTORS) * servers / options.channels() - 1;
        return (int) Math.min(options.clients() / options.channels(), most) * options.channels();
    }

    private Usage before() throws IOException {
        fleet.tell("measure");
        Usage start = fleet.usage();
        Status status = fleet.during("measuring before", options.seconds());
        Usage usage = fleet.usage().since(start);
        figures.busy("before: ", usage);
        figures.put("before: publish", status.latencies(Latency.PUBLISH));
        figures.put("before: delivery", status.latencies(Latency.DELIVERY));
        figures.commands("before", usage.redis(), usage.seconds(), "s");
        return usage;
    }

    private void storm(Usage usual) throws IOException {
        Status begin = fleet.tell("measure");
        Usage start = fleet.usage();
        if (cut == Cut.KILL) {
            int victim = fleet.ports().size() - 1;
            fleet.tell("dead " + victim);
            fleet.kill(victim);
        } else {
            fleet.tell("reset");
        }
        Status status;
        RedisReading last = start.redis();
        double peak = 0;
        do {
            fleet.during("storm", WINDOW_SECONDS);
            RedisReading next = fleet.redis().read();
            RedisReading window = next.since(last);
            peak = Math.max(peak, window.cpuSeconds() / window.seconds());
            last = next;
            status = fleet.tell("status");
        } while (!status.isReady() && last.since(start.redis()).seconds() < options.patience());
        evaluate(begin, status, fleet.usage().since(start), usual);
        figures.put("storm: Redis busy, peak", 100 * peak, Unit.PERCENT);
        if (status.isReady()) {
            drain();
        } else {
            figures.errors(status);
            figures.fail("after %d s %,d of %,d clients are back: %s"
                    .formatted(
                            options.patience(),
                            status.count(Counter.READY),
                            status.count(Counter.CLIENTS),
                            status.errors()));
        }
    }

    private void evaluate(Status begin, Status end, Usage usage, Usage usual) {
        long unrecovered = end.count(Counter.UNRECOVERED);
        long back = end.count(Counter.RECOVERED) + unrecovered;
        figures.put("storm: clients back", back, Unit.COUNT);
        figures.put("storm: until the last is back", end.lastSeconds(Counter.SUBSCRIBED), Unit.SECONDS);
        figures.put("storm: from reconnect to subscribed", end.latencies(Latency.RETURN));
        figures.put(
                "storm: connections begun", end.count(Counter.ATTEMPTED) - begin.count(Counter.ATTEMPTED), Unit.COUNT);
        figures.put("storm: recovered", end.count(Counter.RECOVERED), Unit.COUNT);
        figures.put("storm: not recovered", unrecovered, Unit.COUNT);
        figures.put("storm: publish", end.latencies(Latency.PUBLISH));
        figures.put("storm: delivery", end.latencies(Latency.DELIVERY));
        figures.put("storm: Redis CPU", usage.redis().cpuSeconds(), Unit.SECONDS);
        if (back > 0) {
            double share = usage.seconds() / usual.seconds();
            double redis = usage.redis().cpuSeconds() - usual.redis().cpuSeconds() * share;
            double servers = usage.serverNanos() - usual.serverNanos() * share;
            figures.put("storm: Redis CPU/client, beyond the usual", redis * 1e6 / back, Unit.MICROS);
            figures.put("storm: server CPU/client, beyond the usual", servers / 1e3 / back, Unit.MICROS);
            figures.commands("storm", usage.redis(), back, "client");
        }
        figures.busy("storm: ", usage);
        figures.put("storm: longest pause of the load", end.pauseNanos() / 1e3, Unit.MICROS);
        if (unrecovered > 0) {
            figures.fail(unrecovered + " clients were not recovered");
        }
    }

    private void drain() throws IOException {
        fleet.during("settling", options.warmup());
        fleet.tell("stop");
        fleet.until("draining", Status::isDrained);
        figures.outcome(fleet.during("waiting for surplus messages", WINDOW_SECONDS));
    }
}

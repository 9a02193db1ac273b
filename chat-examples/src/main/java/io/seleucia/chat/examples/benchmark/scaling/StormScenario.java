package io.seleucia.chat.examples.benchmark.scaling;

import io.seleucia.chat.examples.benchmark.Latencies;
import io.seleucia.chat.examples.benchmark.scaling.Figures.Unit;
import java.io.IOException;
import java.util.Locale;

/** All clients lose their connections at once, or those of one server, and come back while others go on talking. */
final class StormScenario {
    /** What cuts the connections. */
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

    private final Fleet fleet;
    private final ScalingOptions options;
    private final Cut cut;
    private final Figures figures;

    private StormScenario(Fleet fleet, ScalingOptions options, Cut cut, Figures figures) {
        this.fleet = fleet;
        this.options = options;
        this.cut = cut;
        this.figures = figures;
    }

    /** Measures. */
    static void measure(Fleet fleet, ScalingOptions options, Cut cut, Figures figures) throws IOException {
        StormScenario scenario = new StormScenario(fleet, options, cut, figures);
        scenario.connect();
        scenario.storm(scenario.before());
    }

    private void connect() throws IOException {
        Plan plan = Plan.of(options.run(), fleet.ports(), options.channels(), 1, options.bytes())
                .withRounds(1 + clients() / options.channels(), 1)
                .withSteady(options.spread());
        figures.put("clients", plan.clients() - plan.places(), Unit.COUNT);
        figures.put("channels", options.channels(), Unit.COUNT);
        int parts = options.parts(plan);
        fleet.load(plan, parts);
        fleet.tell("connect");
        Status connected = fleet.until("connecting", Status::isConnected);
        fleet.tell("subscribe 1");
        Status subscribed = fleet.until("subscribing", Status::isReady);
        figures.put("connecting took", connected.connectedNanos() / 1e9, Unit.SECONDS);
        figures.put("subscribing took", subscribed.subscribedNanos() / 1e9, Unit.SECONDS);
        fleet.tell("pace " + (double) options.rate() / parts);
        fleet.during("warm-up", options.warmup());
    }

    /** As many as are asked for, and no more than the servers that are left can have. */
    private int clients() {
        int servers = fleet.ports().size() - (cut == Cut.KILL ? 1 : 0);
        long most = (Machine.descriptors() - SPARE_DESCRIPTORS) * servers / options.channels() - 1;
        return (int) Math.min(options.clients() / options.channels(), most) * options.channels();
    }

    /** How it is before the storm. */
    private Usage before() throws IOException {
        fleet.tell("measure");
        Usage start = fleet.usage();
        Status status = fleet.during("measuring before", options.seconds());
        Usage usage = fleet.usage().since(start);
        figures.busy("before: ", usage);
        figures.put("before: publish", Latencies.decoded(status.acknowledgements()));
        figures.put("before: delivery", Latencies.decoded(status.deliveries()));
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
                    .formatted(options.patience(), status.ready(), status.clients(), status.errors()));
        }
    }

    private void evaluate(Status begin, Status end, Usage usage, Usage usual) {
        long back = end.recovered() + end.unrecovered();
        figures.put("storm: clients back", back, Unit.COUNT);
        figures.put("storm: until the last is back", end.subscribedNanos() / 1e9, Unit.SECONDS);
        figures.put("storm: from reconnect to subscribed", Latencies.decoded(end.recoveries()));
        figures.put("storm: connections begun", end.attempts() - begin.attempts(), Unit.COUNT);
        figures.put("storm: recovered", end.recovered(), Unit.COUNT);
        figures.put("storm: not recovered", end.unrecovered(), Unit.COUNT);
        figures.put("storm: publish", Latencies.decoded(end.acknowledgements()));
        figures.put("storm: delivery", Latencies.decoded(end.deliveries()));
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
        if (end.unrecovered() > 0) {
            figures.fail(end.unrecovered() + " clients were not recovered");
        }
    }

    private void drain() throws IOException {
        fleet.during("settling", options.warmup());
        fleet.tell("stop");
        fleet.until("draining", Status::isDrained);
        figures.outcome(fleet.during("waiting for what should not come", WINDOW_SECONDS));
    }
}

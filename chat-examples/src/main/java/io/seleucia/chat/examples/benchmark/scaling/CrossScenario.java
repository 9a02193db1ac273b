package io.seleucia.chat.examples.benchmark.scaling;

import io.seleucia.chat.examples.benchmark.Latencies;
import io.seleucia.chat.examples.benchmark.scaling.Figures.Unit;
import java.io.IOException;

/** Channels whose members are at all servers: how much is delivered in a closed loop, and how soon at a fixed rate. */
final class CrossScenario {
    private static final double AFTERMATH_SECONDS = 1;

    private final Fleet fleet;
    private final ScalingOptions options;
    private final Figures figures;

    private CrossScenario(Fleet fleet, ScalingOptions options, Figures figures) {
        this.fleet = fleet;
        this.options = options;
        this.figures = figures;
    }

    /** Measures. */
    static void measure(Fleet fleet, ScalingOptions options, Figures figures) throws IOException {
        CrossScenario scenario = new CrossScenario(fleet, options, figures);
        int parts = scenario.connect();
        scenario.load("loop", "loop " + options.window());
        scenario.load("rate", "pace " + (double) options.rate() / parts);
        scenario.figures.outcome(fleet.tell("status"));
        fleet.requireOneSubscriberEach();
    }

    private int connect() throws IOException {
        Plan plan = Plan.of(options.run(), fleet.ports(), options.channels(), 1, options.bytes())
                .withRounds(options.members(), options.senders());
        int parts = options.parts(plan);
        fleet.load(plan, parts);
        fleet.tell("connect");
        fleet.until("connecting", Status::isConnected);
        fleet.tell("subscribe 1");
        fleet.until("subscribing", Status::isReady);
        figures.put("clients", plan.clients(), Unit.COUNT);
        figures.put("connections to Redis", fleet.redis().connections(), Unit.COUNT);
        figures.put("pub/sub connections", fleet.requireOneSubscriberEach(), Unit.COUNT);
        return parts;
    }

    private void load(String title, String command) throws IOException {
        fleet.tell(command);
        fleet.during(title + ", warm-up", options.warmup());
        Status before = fleet.tell("measure");
        Usage start = fleet.usage();
        fleet.during(title + ", measuring", options.seconds());
        Usage usage = fleet.usage().since(start);
        Status after = fleet.tell("status");
        RedisReading redis = usage.redis();
        double deliveries = after.delivered() - before.delivered();
        double publishes = after.published() - before.published();
        String prefix = title + ": ";
        figures.put(prefix + "deliveries/s", deliveries / usage.seconds(), Unit.PER_SECOND);
        figures.put(prefix + "publishes/s", publishes / usage.seconds(), Unit.PER_SECOND);
        figures.put(prefix + "server CPU/delivery", usage.serverNanos() / 1e3 / deliveries, Unit.MICROS);
        figures.put(prefix + "Redis CPU/publish", redis.cpuSeconds() * 1e6 / publishes, Unit.MICROS);
        figures.put(prefix + "out of Redis/publish", redis.outBytes() / publishes, Unit.BYTES);
        figures.busy(prefix, usage);
        figures.put(prefix + "delivery", Latencies.decoded(after.deliveries()));
        figures.put(prefix + "publish", Latencies.decoded(after.acknowledgements()));
        figures.commands(title, redis, publishes, "publish");
        fleet.tell("stop");
        fleet.until(title + ", draining", Status::isDrained);
        fleet.during(title + ", waiting for what should not come", AFTERMATH_SECONDS);
    }
}

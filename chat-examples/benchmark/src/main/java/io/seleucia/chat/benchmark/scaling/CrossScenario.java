package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.scaling.Figures.Unit;
import io.seleucia.chat.benchmark.scaling.Status.Counter;
import io.seleucia.chat.benchmark.scaling.Status.Latency;
import java.io.IOException;

/** Channels with members at all servers: throughput in a closed loop, and latency at a fixed rate. */
final class CrossScenario extends ScalingRun {
    private static final double AFTERMATH_SECONDS = 1;

    CrossScenario(Fleet fleet, ScalingOptions options, Figures figures) {
        super(fleet, options, figures);
    }

    @Override
    void measure() throws IOException {
        Plan plan = plan(1).withRounds(options.members(), options.senders());
        connect(plan);
        subscribe(1);
        figures.put("clients", plan.clients(), Unit.COUNT);
        figures.put("connections to Redis", fleet.redis().connections(), Unit.COUNT);
        putConnections("");
        fleet.tell("loop " + options.window());
        measure("loop");
        pace(plan);
        measure("rate");
        figures.outcome(fleet.tell("status"));
        fleet.requireOneSubscriberEach();
    }

    private void measure(String title) throws IOException {
        fleet.during(title + ", warm-up", options.warmup());
        Status before = fleet.tell("measure");
        Usage start = fleet.usage();
        fleet.during(title + ", measuring", options.seconds());
        Usage usage = fleet.usage().since(start);
        Status after = fleet.tell("status");
        RedisReading redis = usage.redis();
        double deliveries = after.count(Counter.DELIVERED) - before.count(Counter.DELIVERED);
        double publishes = after.count(Counter.PUBLISHED) - before.count(Counter.PUBLISHED);
        String prefix = title + ": ";
        figures.put(prefix + "deliveries/s", deliveries / usage.seconds(), Unit.PER_SECOND);
        figures.put(prefix + "publishes/s", publishes / usage.seconds(), Unit.PER_SECOND);
        figures.put(prefix + "server CPU/delivery", usage.serverNanos() / 1e3 / deliveries, Unit.MICROS);
        figures.put(prefix + "Redis CPU/publish", redis.cpuSeconds() * 1e6 / publishes, Unit.MICROS);
        figures.put(prefix + "out of Redis/publish", redis.outBytes() / publishes, Unit.BYTES);
        figures.busy(prefix, usage);
        figures.put(prefix + "delivery", after.latencies(Latency.DELIVERY));
        figures.put(prefix + "publish", after.latencies(Latency.PUBLISH));
        figures.commands(title, redis, publishes, "publish");
        fleet.tell("stop");
        fleet.until(title + ", draining", Status::isDrained);
        fleet.during(title + ", waiting for surplus messages", AFTERMATH_SECONDS);
    }
}

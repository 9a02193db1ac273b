package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.Latencies;
import io.seleucia.chat.benchmark.scaling.Figures.Unit;
import io.seleucia.chat.benchmark.scaling.Status.Counter;
import io.seleucia.chat.benchmark.scaling.Status.Latency;
import java.io.IOException;
import java.util.OptionalLong;

/**
 * Many channels with one member each: the cost of subscribing and of idle channels, and the time to heal all of them after
 * the pub/sub connection is lost.
 */
final class ChannelsScenario extends ScalingRun {
    private static final double SETTLE_SECONDS = 2;
    private static final double QUIET_RATIO = 1.5; // to the commands while channels are idle
    private static final double QUIET_CALLS = 200; // a second, in addition
    private static final int QUIET_SECONDS = 180;

    private double idleCalls; // a second

    ChannelsScenario(Fleet fleet, ScalingOptions options, Figures figures) {
        super(fleet, options, figures);
    }

    @Override
    void measure() throws IOException {
        connect(plan(options.channels() / options.clients()));
        fleet.during("settling", SETTLE_SECONDS);
        measureSubscribing();
        measureIdle();
        publishOnce();
        measureHealing();
    }

    private void measureSubscribing() throws IOException {
        OptionalLong heap = fleet.heap();
        OptionalLong resident = fleet.resident();
        Usage before = fleet.usage();
        Status status = subscribe(options.window());
        Usage usage = fleet.usage().since(before);
        RedisReading redis = usage.redis();
        double seconds = status.lastSeconds(Counter.SUBSCRIBED);
        double channels = options.channels();
        figures.put("channels", channels, Unit.COUNT);
        figures.put("sessions", options.clients(), Unit.COUNT);
        figures.put("subscribing took", seconds, Unit.SECONDS);
        figures.put("channels/s", channels / seconds, Unit.PER_SECOND);
        figures.put("Redis CPU/channel", redis.cpuSeconds() * 1e6 / channels, Unit.MICROS);
        figures.put("server CPU/channel", usage.serverNanos() / 1e3 / channels, Unit.MICROS);
        figures.busy("subscribing: ", usage);
        figures.put("Redis memory/channel", redis.memory() / channels, Unit.BYTES);
        figures.put("server heap/channel", fleet.heap(), heap, channels, Unit.BYTES);
        figures.put("server resident/channel", fleet.resident(), resident, channels, Unit.BYTES);
        fleet.resident().ifPresent(bytes -> figures.put("server resident", bytes, Unit.BYTES));
        figures.put("connections to Redis", fleet.redis().connections(), Unit.COUNT);
        putConnections("");
        figures.commands("subscribing", redis, channels, "channel");
    }

    private void measureIdle() throws IOException {
        fleet.during("settling", SETTLE_SECONDS);
        Usage before = fleet.usage();
        fleet.during("quiet", options.quiet());
        Usage usage = fleet.usage().since(before);
        RedisReading redis = usage.redis();
        idleCalls = calls(redis) / redis.seconds();
        figures.busy("idle: ", usage);
        figures.put("idle: commands", idleCalls, Unit.PER_SECOND);
        figures.put("idle: into the AOF", redis.aofBytes() / redis.seconds(), Unit.BYTES);
        figures.put("idle: out of Redis", redis.outBytes() / redis.seconds(), Unit.BYTES);
        figures.commands("idle", redis, redis.seconds(), "s");
    }

    private static double calls(RedisReading redis) {
        return redis.commands().values().stream()
                .mapToLong(RedisReading.Calls::count)
                .sum();
    }

    /** Measures as {@link #measureHealing} does, but undisturbed, for comparison. */
    private void publishOnce() throws IOException {
        fleet.tell("once 1 " + options.window());
        Status status = fleet.until("publishing in all channels", Status::isDrained);
        figures.put("undisturbed: a message in each channel", status.lastSeconds(Counter.DELIVERED), Unit.SECONDS);
    }

    private void measureHealing() throws IOException {
        int every = Math.max(1, options.channels() / options.sample());
        fleet.tell("measure");
        long killed = System.nanoTime();
        RedisReading before = fleet.redis().read();
        fleet.redis().killSubscribers();
        fleet.tell("once " + every + " " + options.window());
        Status sampled = fleet.until("healing, with messages in some channels", Status::isDrained);
        Latencies latencies = sampled.latencies(Latency.DELIVERY);
        figures.put("healing: messages in some channels", latencies.total(), Unit.COUNT);
        figures.put("healing: these", latencies);
        double quiet = awaitQuiet(killed);
        figures.put("healing: until Redis is quiet", quiet, Unit.SECONDS);
        RedisReading redis = fleet.redis().read().since(before);
        figures.put("healing: Redis CPU", redis.cpuSeconds(), Unit.SECONDS);
        figures.commands("healing", redis, options.channels(), "channel");
        fleet.redis().killSubscribers();
        fleet.tell("once 1 " + options.window());
        fleet.until("healing, with messages in all channels", Status::isDrained);
        Status status = fleet.during("waiting for surplus messages", SETTLE_SECONDS);
        figures.put("healing: a message in each channel", status.lastSeconds(Counter.DELIVERED), Unit.SECONDS);
        putConnections("healing: ");
        figures.outcome(status);
    }

    /** Waits until Redis executes hardly more than while channels were idle. Returns the seconds since a time. */
    private double awaitQuiet(long since) throws IOException {
        long deadline = System.nanoTime() + QUIET_SECONDS * 1_000_000_000L;
        RedisReading last = fleet.redis().read();
        while (true) {
            long now = System.nanoTime();
            fleet.during("healing, until Redis is quiet", 1);
            RedisReading next = fleet.redis().read();
            RedisReading difference = next.since(last);
            if (calls(difference) / difference.seconds() < QUIET_RATIO * idleCalls + QUIET_CALLS) {
                return (now - since) / 1e9;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("Redis is not quiet again after " + QUIET_SECONDS + " s");
            }
            last = next;
        }
    }
}

package io.seleucia.chat.examples.benchmark.scaling;

import io.seleucia.chat.examples.benchmark.Latencies;
import io.seleucia.chat.examples.benchmark.scaling.Figures.Unit;
import java.io.IOException;
import java.util.OptionalLong;

/**
 * Many channels, each with one member: what it takes to subscribe to them, what they cost while nobody talks, and how long
 * it takes until all of them are whole again after the pub/sub connection is lost.
 */
final class ChannelsScenario {
    private static final double SETTLE_SECONDS = 2;
    private static final double QUIET_RATIO = 1.5; // to what Redis executes while nobody talks
    private static final double QUIET_CALLS = 200; // and this many a second in any case
    private static final int QUIET_SECONDS = 180;

    private final Fleet fleet;
    private final ScalingOptions options;
    private final Figures figures;
    private double idleCalls; // a second

    private ChannelsScenario(Fleet fleet, ScalingOptions options, Figures figures) {
        this.fleet = fleet;
        this.options = options;
        this.figures = figures;
    }

    /** Measures. */
    static void measure(Fleet fleet, ScalingOptions options, Figures figures) throws IOException {
        ChannelsScenario scenario = new ChannelsScenario(fleet, options, figures);
        scenario.connect();
        scenario.subscribe();
        scenario.idle();
        scenario.publishOnce();
        scenario.heal();
    }

    private void connect() throws IOException {
        Plan plan = Plan.of(
                options.run(),
                fleet.ports(),
                options.channels(),
                options.channels() / options.clients(),
                options.bytes());
        fleet.load(plan, options.parts(plan));
        fleet.tell("connect");
        fleet.until("connecting", Status::isConnected);
        fleet.during("settling", SETTLE_SECONDS);
    }

    private void subscribe() throws IOException {
        OptionalLong heap = fleet.heap();
        OptionalLong resident = fleet.resident();
        Usage before = fleet.usage();
        fleet.tell("subscribe " + options.window());
        Status status = fleet.until("subscribing", Status::isReady);
        Usage usage = fleet.usage().since(before);
        RedisReading redis = usage.redis();
        double seconds = status.subscribedNanos() / 1e9;
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
        figures.put("pub/sub connections", fleet.requireOneSubscriberEach(), Unit.COUNT);
        figures.commands("subscribing", redis, channels, "channel");
    }

    private void idle() throws IOException {
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

    /** The same as {@link #heal} where there is nothing to heal, to compare with. */
    private void publishOnce() throws IOException {
        fleet.tell("once 1 " + options.window());
        Status status = fleet.until("publishing in all channels", Status::isDrained);
        figures.put("undisturbed: a message in each channel", status.deliveredNanos() / 1e9, Unit.SECONDS);
    }

    private void heal() throws IOException {
        int every = Math.max(1, options.channels() / options.sample());
        fleet.tell("measure");
        long killed = System.nanoTime();
        RedisReading before = fleet.redis().read();
        fleet.redis().killSubscribers();
        fleet.tell("once " + every + " " + options.window());
        Status sampled = fleet.until("healing, with messages in some channels", Status::isDrained);
        Latencies latencies = Latencies.decoded(sampled.deliveries());
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
        Status status = fleet.during("waiting for what should not come", SETTLE_SECONDS);
        figures.put("healing: a message in each channel", status.deliveredNanos() / 1e9, Unit.SECONDS);
        figures.put("healing: pub/sub connections", fleet.requireOneSubscriberEach(), Unit.COUNT);
        figures.outcome(status);
    }

    /** Waits until Redis executes no more than while nobody talks; how long that has taken since then, in seconds. */
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

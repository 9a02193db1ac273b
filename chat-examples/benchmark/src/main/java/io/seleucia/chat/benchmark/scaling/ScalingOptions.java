package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.Arguments;
import io.seleucia.chat.benchmark.Stamp;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/**
 * The options for one scenario.
 *
 * @param run a word that no other run has
 * @param servers numbers of servers to measure with, one after the other
 * @param clients clients of a storm; sessions that share the channels
 * @param window outstanding messages of a sender in a closed loop; outstanding requests of a session
 * @param rate messages a second, of all senders together
 * @param quiet seconds in which channels are idle
 * @param sample channels with a message right after the pub/sub connection was killed
 * @param spread milliseconds within which clients first reconnect
 * @param patience seconds in which all of them must be back
 */
record ScalingOptions(
        ScalingScenario scenario,
        String run,
        List<Integer> servers,
        int channels,
        int members,
        int clients,
        int senders,
        int window,
        int rate,
        int bytes,
        int warmup,
        int seconds,
        int quiet,
        int sample,
        int spread,
        int patience,
        List<StormScenario.Cut> cuts,
        Optional<URI> redis,
        boolean json) {
    static final String USAGE =
            """
            usage: ScalingBenchmark [option]...
            Measures how this server scales: several servers over one Redis, all on this machine.

            what is measured
              --scenario NAME,... all, or some of these (all):
            %s
              --servers N,...     numbers of servers to measure with (1,2,4)
              --channels N        number of channels (cross 100, channels 100000, storm 200)
              --members N         cross: members of each channel, spread over the servers (12)
              --senders N         cross: members that publish (2)
              --window N          cross: messages that each sender keeps outstanding (4)
                                  channels: requests that each session keeps outstanding (8)
              --clients N         channels: sessions that share the channels (1000)
                                  storm: clients that come back, if there are enough file descriptors (20000)
              --rate N            cross, storm: messages a second, of all senders together (1000, 200)
              --quiet N           channels: seconds in which channels are idle (60)
              --sample N          channels: number whose healing is measured one by one (1000)
              --spread MILLIS     storm: clients first reconnect within this random time (1000)
              --patience N        storm: seconds in which all must be back (120)
              --cut NAME,...      storm: kill ends a server, where there are several; reset all connections (kill,reset)
              --bytes N           length of a message's text (128)
              --warmup N          seconds before measuring (3)
              --seconds N         seconds of measuring, of each part (10)

            with what
              --redis-url URL     a running Redis at redis://[user:password@]host[:port], instead of a new one

            what comes out
              --json              one JSON document instead of tables

            The exit status is 0 if all went well, 1 if something failed or was lost, 2 for a wrong option.
            """.formatted(Arguments.explained(List.of(ScalingScenario.values()), ScalingScenario::purpose));

    private static final int MAX_SERVERS = 64;
    private static final int MAX_CHANNELS = 999_999; // their names have six digits
    private static final int MAX_CLIENTS = 25_000; // one address has few more ports
    private static final int MAX_WINDOW = 1_000;
    private static final int MAX_RATE = 1_000_000;
    private static final int MAX_BYTES = 60_000; // with its envelope within the limit of 64 KiB
    private static final int MAX_SPREAD = 600_000;
    private static final int PART = 12_000; // clients of one load process

    /**
     * Reads the command line. Returns the options of each scenario.
     *
     * @throws IllegalArgumentException with a message for the user
     */
    static List<ScalingOptions> of(String... args) {
        Arguments given = new Arguments(USAGE, args);
        List<ScalingScenario> all = List.of(ScalingScenario.values());
        List<ScalingScenario> scenarios = given.choicesOrAll("--scenario", all).orElse(all);
        Set<String> others = new TreeSet<>(ScalingScenario.options(all));
        others.removeAll(ScalingScenario.options(scenarios));
        given.refuseAll(
                "is not for "
                        + scenarios.stream().map(ScalingScenario::toString).collect(Collectors.joining(" or ")),
                others.toArray(String[]::new));
        return scenarios.stream().map(scenario -> of(given, scenario)).toList();
    }

    private static ScalingOptions of(Arguments given, ScalingScenario scenario) {
        boolean storm = scenario == ScalingScenario.STORM;
        boolean many = scenario == ScalingScenario.CHANNELS;
        ScalingOptions options = new ScalingOptions(
                scenario,
                "%08x".formatted(ThreadLocalRandom.current().nextInt()),
                given.numbers("--servers", List.of(1, 2, 4), 1, MAX_SERVERS),
                given.number("--channels", storm ? 200 : many ? 100_000 : 100, 1, MAX_CHANNELS),
                given.number("--members", 12, 1, MAX_CLIENTS),
                given.number("--clients", storm ? 20_000 : 1_000, 1, MAX_CLIENTS),
                given.number("--senders", 2, 1, MAX_CLIENTS),
                given.number("--window", many ? 8 : 4, 1, MAX_WINDOW),
                given.number("--rate", storm ? 200 : 1_000, 1, MAX_RATE),
                given.number("--bytes", 128, Stamp.LENGTH, MAX_BYTES),
                given.seconds("--warmup", 3, 0),
                given.seconds("--seconds", 10, 1),
                given.seconds("--quiet", 60, 1),
                given.number("--sample", 1_000, 1, MAX_CHANNELS),
                given.number("--spread", 1_000, 1, MAX_SPREAD),
                given.seconds("--patience", 120, 1),
                given.choices("--cut", List.of(StormScenario.Cut.values())).orElse(List.of(StormScenario.Cut.values())),
                given.url("--redis-url", "redis", "[user:password@]host[:port]"),
                given.has("--json"));
        options.check();
        return options;
    }

    private void check() {
        if (scenario == ScalingScenario.CROSS) {
            Arguments.checkSizes(scenario, channels, members, senders, MAX_CLIENTS);
        }
        if (scenario == ScalingScenario.CHANNELS && channels % clients != 0) {
            throw new IllegalArgumentException("--channels must be a multiple of --clients, as in channels");
        }
        if (scenario == ScalingScenario.STORM && clients % channels != 0) {
            throw new IllegalArgumentException("--clients must be a multiple of --channels, as in storm");
        }
    }

    /** Returns the number of load processes for a plan. */
    int parts(Plan plan) {
        return Math.min(plan.places(), (plan.clients() + PART - 1) / PART);
    }
}

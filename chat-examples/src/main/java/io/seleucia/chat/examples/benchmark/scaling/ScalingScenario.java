package io.seleucia.chat.examples.benchmark.scaling;

import java.util.Collection;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** What can be measured of several servers. */
enum ScalingScenario {
    CROSS(
            "channels whose members are at all servers: throughput, and latency at a fixed rate",
            Set.of("--channels", "--members", "--senders", "--window", "--rate")),
    CHANNELS(
            "very many channels: subscribing, what they cost while nobody talks, healing",
            Set.of("--channels", "--clients", "--window", "--quiet", "--sample")),
    STORM(
            "all clients, or those of a server, lose their connections and come back",
            Set.of("--channels", "--clients", "--rate", "--spread", "--patience", "--cut"));

    private final String purpose;
    private final Set<String> options;

    /** @param options those that not every scenario has */
    ScalingScenario(String purpose, Set<String> options) {
        this.purpose = purpose;
        this.options = options;
    }

    /** The options that some of these scenarios have, without those that all have. */
    static Set<String> options(Collection<ScalingScenario> scenarios) {
        return scenarios.stream().flatMap(scenario -> scenario.options.stream()).collect(Collectors.toSet());
    }

    /** What it is there to show. */
    String purpose() {
        return purpose;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

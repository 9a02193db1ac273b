package io.seleucia.chat.benchmark.scaling;

import java.util.Collection;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The scenarios, with their purposes and own options. */
enum ScalingScenario {
    CROSS(
            "channels with members at all servers: throughput, and latency at a fixed rate",
            Set.of("--channels", "--members", "--senders", "--window", "--rate")),
    CHANNELS(
            "very many channels: subscribing, the cost of idle channels, healing",
            Set.of("--channels", "--clients", "--window", "--quiet", "--sample")),
    STORM(
            "all clients, or those of one server, lose their connections and come back",
            Set.of("--channels", "--clients", "--rate", "--spread", "--patience", "--cut"));

    private final String purpose;
    private final Set<String> options;

    ScalingScenario(String purpose, Set<String> options) {
        this.purpose = purpose;
        this.options = options;
    }

    /** Returns the options of some scenarios, without those of all scenarios. */
    static Set<String> options(Collection<ScalingScenario> scenarios) {
        return scenarios.stream().flatMap(scenario -> scenario.options.stream()).collect(Collectors.toSet());
    }

    String purpose() {
        return purpose;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

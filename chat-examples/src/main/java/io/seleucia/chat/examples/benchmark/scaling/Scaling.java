package io.seleucia.chat.examples.benchmark.scaling;

import io.seleucia.chat.examples.benchmark.Arguments;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs every scenario with every number of servers, each with processes of its own, and reports. */
public final class Scaling {
    private final Map<ScalingOptions, List<Figures>> results = new LinkedHashMap<>();
    private final List<String> failures = new ArrayList<>();

    private Scaling() {}

    /** Does what the arguments say, and returns the exit status. */
    public static int run(String... args) {
        return Arguments.run(ScalingOptions.USAGE, ScalingOptions::of, all -> new Scaling().run(all), args);
    }

    /** Whether nothing failed or got lost. */
    private boolean run(List<ScalingOptions> all) {
        for (ScalingOptions options : all) {
            measure(options);
            if (!options.json()) {
                System.out.println(ScalingReport.table(options, results.get(options)));
            }
        }
        if (all.getFirst().json()) {
            System.out.println(ScalingReport.json(results, failures));
        }
        return failures.isEmpty();
    }

    private void measure(ScalingOptions options) {
        results.put(options, new ArrayList<>());
        for (int servers : options.servers()) {
            switch (options.scenario()) {
                case CROSS -> run(options, servers, "", CrossScenario::measure);
                case CHANNELS -> run(options, servers, "", ChannelsScenario::measure);
                case STORM -> storm(options, servers);
            }
        }
    }

    private void storm(ScalingOptions options, int servers) {
        for (StormScenario.Cut cut : options.cuts()) {
            if (cut == StormScenario.Cut.RESET || servers > 1) {
                run(
                        options,
                        servers,
                        ", " + cut,
                        (fleet, of, figures) -> StormScenario.measure(fleet, of, cut, figures));
            }
        }
    }

    private interface Measurement {
        void measure(Fleet fleet, ScalingOptions options, Figures figures) throws IOException;
    }

    private void run(ScalingOptions options, int servers, String variant, Measurement measurement) {
        String name = servers + (servers == 1 ? " server" : " servers") + variant;
        String title = options.scenario() + ", " + name;
        Narrator narrator = new Narrator(title);
        Figures figures = new Figures(name);
        results.get(options).add(figures);
        try (Fleet fleet = new Fleet(options.redis(), servers, narrator)) {
            measurement.measure(fleet, options, figures);
            figures.failures().forEach(failure -> fail(title, failure));
        } catch (IOException e) {
            narrator.failed(e);
            fail(title, e.getMessage());
        }
    }

    private void fail(String title, String why) {
        System.err.println(title + ": FAILED: " + why);
        failures.add(title + ": " + why);
    }
}

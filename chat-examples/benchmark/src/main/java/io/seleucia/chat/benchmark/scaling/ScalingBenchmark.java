package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.Arguments;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures how several servers scale over one Redis, with clients in other processes. Needs a redis-server, and Jedis on
 * the class path. {@code --help} lists the options, and docs/performance.md explains the results.
 */
public final class ScalingBenchmark {
    private final Map<ScalingOptions, List<Figures>> results = new LinkedHashMap<>();
    private final List<String> failures = new ArrayList<>();

    private ScalingBenchmark() {}

    /** Runs the benchmark and exits. */
    public static void main(String... args) {
        System.exit(run(args));
    }

    /** Does what the arguments say, and returns the exit status. */
    static int run(String... args) {
        return Arguments.run(ScalingOptions.USAGE, ScalingOptions::of, all -> new ScalingBenchmark().run(all), args);
    }

    /** Measures everything. Returns whether nothing failed and nothing was lost. */
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
                case CROSS -> run(options, servers, "", CrossScenario::new);
                case CHANNELS -> run(options, servers, "", ChannelsScenario::new);
                case STORM ->
                    options.cuts().stream()
                            .filter(cut -> cut == StormScenario.Cut.RESET || servers > 1)
                            .forEach(cut -> run(
                                    options,
                                    servers,
                                    ", " + cut,
                                    (fleet, same, figures) -> new StormScenario(fleet, same, figures, cut)));
            }
        }
    }

    private interface RunFactory {
        ScalingRun create(Fleet fleet, ScalingOptions options, Figures figures);
    }

    private void run(ScalingOptions options, int servers, String variant, RunFactory factory) {
        String name = servers + (servers == 1 ? " server" : " servers") + variant;
        String title = options.scenario() + ", " + name;
        Narrator narrator = new Narrator(title);
        Figures figures = new Figures(name);
        results.get(options).add(figures);
        try (Fleet fleet = new Fleet(options.redis(), servers, narrator)) {
            factory.create(fleet, options, figures).measure();
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

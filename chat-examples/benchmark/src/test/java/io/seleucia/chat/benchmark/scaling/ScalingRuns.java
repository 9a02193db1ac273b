package io.seleucia.chat.benchmark.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.benchmark.Printed;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Assumptions;

/** Short runs of the benchmark over a Redis of their own. */
final class ScalingRuns {
    private ScalingRuns() {}

    /** Runs the benchmark, and returns what it printed. Fails if it ends with another status. */
    static String printed(int status, String options) {
        return Printed.by(status, () -> ScalingBenchmark.run(options.split(" ")));
    }

    /** Skips the test where there is no redis-server, or fails if {@code redis.required} is set. */
    static void requireRedis() {
        boolean installed = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(path -> Files.isExecutable(Path.of(path, "redis-server")));
        if (!installed && Boolean.getBoolean("redis.required")) {
            throw new AssertionError("redis.required is set, and there is no redis-server on the PATH");
        }
        Assumptions.assumeTrue(installed, "there is no redis-server on the PATH");
    }

    /** Measures for a moment. Returns the figures of each run, by name. Fails if anything failed or was lost. */
    static List<Map<String, Double>> measured(String options) {
        requireRedis();
        JsonObject report = JsonParser.parseString(printed(0, options + " --warmup 0 --seconds 1 --json"))
                .getAsJsonObject();
        assertThat(report.getAsJsonArray("failures")).isEmpty();
        List<Map<String, Double>> runs = elements(report, "runs")
                .map(run -> elements(run, "figures")
                        .collect(Collectors.toMap(
                                figure -> figure.get("name").getAsString(),
                                figure -> figure.get("value").getAsDouble())))
                .toList();
        assertThat(runs)
                .allSatisfy(run -> assertThat(run)
                        .containsEntry("lost", 0.0)
                        .containsEntry("duplicates", 0.0)
                        .containsEntry("reordered", 0.0)
                        .containsEntry("wrong offsets", 0.0));
        assertThat(elements(report, "runs"))
                .allSatisfy(run -> assertThat(elements(run, "commands"))
                        .isNotEmpty()
                        .allSatisfy(command ->
                                assertThat(command.get("times").getAsDouble()).isPositive()));
        return runs;
    }

    private static Stream<JsonObject> elements(JsonObject object, String name) {
        return StreamSupport.stream(object.getAsJsonArray(name).spliterator(), false)
                .map(JsonElement::getAsJsonObject);
    }
}

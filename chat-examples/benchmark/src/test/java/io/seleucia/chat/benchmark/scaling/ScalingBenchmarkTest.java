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
import org.junit.jupiter.api.Test;

class ScalingBenchmarkTest {
    private static String printed(int status, String options) {
        return Printed.by(status, () -> ScalingBenchmark.run(options.split(" ")));
    }

    /** Skips the test where there is no redis-server, or fails if {@code redis.required} is set. */
    private static void requireRedis() {
        boolean installed = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(path -> Files.isExecutable(Path.of(path, "redis-server")));
        if (!installed && Boolean.getBoolean("redis.required")) {
            throw new AssertionError("redis.required is set, and there is no redis-server on the PATH");
        }
        Assumptions.assumeTrue(installed, "there is no redis-server on the PATH");
    }

    /** The figures of each run, by name. */
    private static List<Map<String, Double>> measured(String options) {
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

    @Test
    void measuresDeliveriesAcrossServers() {
        List<Map<String, Double>> runs = measured("--scenario cross --servers 1,2 --channels 5 --members 4 --rate 100");

        assertThat(runs).hasSize(2);
        assertThat(runs).extracting(run -> run.get("pub/sub connections")).containsExactly(1.0, 2.0);
        assertThat(runs).allSatisfy(run -> {
            assertThat(run.get("clients")).isEqualTo(20);
            assertThat(run.get("loop: deliveries/s")).isPositive();
            assertThat(run.get("loop: Redis CPU/publish")).isPositive();
            assertThat(run.get("loop: delivery p50")).isPositive();
            assertThat(run.get("rate: deliveries/s")).isPositive();
            assertThat(run.get("rate: delivery p99")).isPositive();
        });
    }

    @Test
    void measuresManyChannels() {
        Map<String, Double> run = measured(
                        "--scenario channels --servers 2 --channels 20 --clients 4 --quiet 1 --sample 10")
                .getFirst();

        assertThat(run.get("channels/s")).isPositive();
        assertThat(run.get("Redis memory/channel")).isPositive();
        assertThat(run.get("healing: messages in some channels")).isEqualTo(10);
        assertThat(run.get("healing: these max")).isPositive();
        assertThat(run.get("healing: a message in each channel")).isPositive();
        assertThat(run.get("healing: pub/sub connections")).isEqualTo(2);
    }

    @Test
    void measuresStorms() {
        List<Map<String, Double>> runs =
                measured("--scenario storm --servers 2 --channels 10 --clients 40 --rate 50 --spread 200");

        assertThat(runs).hasSize(2);
        assertThat(runs).extracting(run -> run.get("storm: clients back")).containsExactly(20.0, 40.0);
        assertThat(runs).allSatisfy(run -> {
            assertThat(run.get("storm: not recovered")).isZero();
            assertThat(run.get("storm: recovered")).isEqualTo(run.get("storm: clients back"));
            assertThat(run.get("storm: until the last is back")).isPositive();
            assertThat(run.get("before: publish p50")).isPositive();
        });
    }

    @Test
    void putsTheRunsBesideEachOther() {
        requireRedis();

        assertThat(printed(
                        0, "--scenario cross --servers 1,2 --channels 2 --members 2 --rate 50 --warmup 0 --seconds 1"))
                .contains("cross: ", "1 server", "2 servers", "rate: delivery p50", "evalsha/publish");
    }

    @Test
    void failsWithoutRedis() {
        String options = "--scenario cross --servers 1 --redis-url redis://127.0.0.1:1";

        assertThat(printed(1, options + " --json"))
                .contains("the request to Redis failed: Failed to connect to 127.0.0.1:1");
        assertThat(printed(1, options)).contains("cross: ", "1 server");
    }
}

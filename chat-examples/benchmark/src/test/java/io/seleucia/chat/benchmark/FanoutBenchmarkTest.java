package io.seleucia.chat.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

class FanoutBenchmarkTest {
    private static String printed(int status, String options) {
        return Printed.by(status, () -> FanoutBenchmark.run(options.split(" ")));
    }

    @Test
    void measuresAllServersInTurn() {
        JsonObject report = JsonParser.parseString(printed(
                        0, "--protocol chat.v1 --members 20 --journal never --pairs 1 --warmup 0 --seconds 1 --json"))
                .getAsJsonObject();

        assertThat(report.getAsJsonArray("failures")).isEmpty();
        JsonObject scenario = report.getAsJsonArray("scenarios").get(0).getAsJsonObject();
        JsonArray runs = scenario.getAsJsonArray("runs");
        assertThat(runs)
                .extracting(run -> run.getAsJsonObject().get("server").getAsString())
                .containsExactly("seleucia", "selector", "journal");
        assertThat(runs).allSatisfy(run -> {
            assertThat(run.getAsJsonObject().get("perSecond").getAsDouble()).isPositive();
            assertThat(run.getAsJsonObject().get("gaps").getAsLong()).isZero();
            assertThat(run.getAsJsonObject().get("duplicates").getAsLong()).isZero();
        });
        assertThat(scenario.getAsJsonArray("ratios")).hasSize(2);
    }

    @Test
    void looksIntoIdleServers() {
        assertThat(printed(0, "--scenario idle --members 50 --pairs 1 --servers seleucia"))
                .contains("idle: 50 connections", "seleucia");
    }

    @Test
    void failsIfNoServerAnswers() {
        assertThat(printed(1, "--url ws://localhost:1/ --json")).contains("Connection refused");
    }
}

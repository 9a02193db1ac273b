package io.seleucia.chat.benchmark.scaling;

import static io.seleucia.chat.benchmark.scaling.ScalingRuns.measured;
import static io.seleucia.chat.benchmark.scaling.ScalingRuns.printed;
import static io.seleucia.chat.benchmark.scaling.ScalingRuns.requireRedis;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

class ScalingBenchmarkTest {
    @Test
    @EnabledIfSystemProperty(named = "tests.long", matches = "true", disabledReason = "only mvn verify -Plong runs it")
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

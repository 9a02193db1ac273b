package io.seleucia.chat.benchmark.scaling;

import static io.seleucia.chat.benchmark.scaling.ScalingRuns.measured;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The scenarios of {@link ScalingBenchmark} in which clients and channels are many. */
@EnabledIfSystemProperty(named = "tests.long", matches = "true", disabledReason = "only mvn verify -Plong runs it")
class ChannelsAndStormsTest {
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
}

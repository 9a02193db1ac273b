package io.seleucia.chat.benchmark.scaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScalingOptionsTest {
    private static List<ScalingOptions> of(String line) {
        return ScalingOptions.of(line.isEmpty() ? new String[0] : line.split(" "));
    }

    @Test
    void haveDefaults() {
        List<ScalingOptions> all = of("");

        assertThat(all).extracting(ScalingOptions::scenario).containsExactly(ScalingScenario.values());
        assertThat(all).extracting(ScalingOptions::channels).containsExactly(100, 100_000, 200);
        assertThat(all).extracting(ScalingOptions::rate).containsExactly(1_000, 1_000, 200);
        assertThat(all).allSatisfy(options -> {
            assertThat(options.servers()).containsExactly(1, 2, 4);
            assertThat(options.redis()).isEmpty();
            assertThat(options.json()).isFalse();
        });
        assertThat(all.get(0).members()).isEqualTo(12);
        assertThat(all.get(1).clients()).isEqualTo(1_000);
        assertThat(all.get(2).clients()).isEqualTo(20_000);
        assertThat(all.get(2).cuts()).containsExactly(StormScenario.Cut.KILL, StormScenario.Cut.RESET);
    }

    @Test
    void areRead() {
        ScalingOptions options = of("--scenario storm --servers 3 --channels 10 --clients 40 --rate 7 --spread 250"
                        + " --patience 9 --cut reset --bytes 64 --warmup 0 --seconds 2 --json"
                        + " --redis-url redis://redis.example:7000")
                .getFirst();

        assertThat(options.servers()).containsExactly(3);
        assertThat(options.channels()).isEqualTo(10);
        assertThat(options.clients()).isEqualTo(40);
        assertThat(options.rate()).isEqualTo(7);
        assertThat(options.spread()).isEqualTo(250);
        assertThat(options.patience()).isEqualTo(9);
        assertThat(options.cuts()).containsExactly(StormScenario.Cut.RESET);
        assertThat(options.bytes()).isEqualTo(64);
        assertThat(options.warmup()).isZero();
        assertThat(options.seconds()).isEqualTo(2);
        assertThat(options.json()).isTrue();
        assertThat(options.redis()).contains(URI.create("redis://redis.example:7000"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--servers 1,0                   | --servers must be numbers from 1 to 64, such as 1,2,4",
                "--quiet 0                       | --quiet must be a number from 1 to 3600",
                "--bytes 31                      | --bytes must be a number from 32 to 60000",
                "--scenario cross --senders 13   | there must not be more --senders (13) than --members (12), as in cross",
                "--scenario cross --channels 25000 | --channels times --members must not exceed 25000, as in cross",
                "--scenario channels --channels 999 | --channels must be a multiple of --clients, as in channels",
                "--scenario storm --clients 300  | --clients must be a multiple of --channels, as in storm",
                "--scenario storm --quiet 3      | --quiet is not for storm",
                "--scenario cross,storm --sample 3 | --sample is not for cross or storm",
                "--redis-url http://localhost/   | --redis-url must look like redis://[user:password@]host[:port]",
            },
            ignoreLeadingAndTrailingWhitespace = false)
    void refuseWhatMakesNoSense(String line, String why) {
        assertThatThrownBy(() -> of(line.strip()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(why.substring(1));
    }

    @Test
    void explainTheScenarios() {
        assertThat(ScalingOptions.USAGE)
                .contains("  --scenario NAME,... ", "  cross    " + ScalingScenario.CROSS.purpose())
                .contains("  storm    " + ScalingScenario.STORM.purpose());
    }
}

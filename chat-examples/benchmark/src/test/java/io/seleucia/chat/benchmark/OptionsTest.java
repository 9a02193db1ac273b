package io.seleucia.chat.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Fsync;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
    private static Options of(String line) {
        return Options.of(line.isEmpty() ? new String[0] : line.split(" "));
    }

    @Test
    void haveDefaults() {
        Options options = of("");

        assertThat(options.workloads()).containsExactly(new Workload(Scenario.BIG, 1, 1000, 8, 4, 0, 128));
        assertThat(options.protocol()).isEqualTo(Dialect.CTESIPHON);
        assertThat(options.servers()).containsExactly(Candidate.Kind.SELEUCIA, Candidate.Kind.SELECTOR);
        assertThat(options.pairs()).isEqualTo(3);
        assertThat(options.warmup()).isEqualTo(3);
        assertThat(options.seconds()).isEqualTo(10);
        assertThat(options.json()).isFalse();
        assertThat(options.url()).isEmpty();
        assertThat(options.journal()).isEmpty();
        assertThat(options.redis()).isEmpty();
        assertThat(options.cpus()).isEmpty();
    }

    @Test
    void areRead() {
        Options options = of("--scenario wide,echo --protocol chat.v1 --servers seleucia --journal always"
                + " --redis redis://localhost:6380 --pairs 5 --warmup 0 --seconds 1 --cpus 0-1,3 --json");

        assertThat(options.workloads())
                .containsExactly(
                        new Workload(Scenario.WIDE, 1, 5000, 10, 0, 10, 128),
                        new Workload(Scenario.ECHO, 1000, 1, 1, 1, 0, 128));
        assertThat(options.protocol()).isEqualTo(Dialect.CHAT_V1);
        assertThat(options.servers()).containsExactly(Candidate.Kind.SELEUCIA);
        assertThat(options.journal()).contains(Fsync.ALWAYS);
        assertThat(options.redis()).contains(URI.create("redis://localhost:6380"));
        assertThat(options.pairs()).isEqualTo(5);
        assertThat(options.warmup()).isZero();
        assertThat(options.seconds()).isEqualTo(1);
        assertThat(options.cpus()).contains("0-1,3");
        assertThat(options.json()).isTrue();
        assertThat(of("--url ws://chat.example:8600/x").url()).contains(URI.create("ws://chat.example:8600/x"));
    }

    @Test
    void knowAllScenarios() {
        assertThat(of("--scenario all").workloads())
                .extracting(Workload::scenario)
                .containsExactly(Scenario.values());
    }

    @Test
    void overrideSizes() {
        assertThat(of("--channels 3 --members 20 --senders 2 --window 7 --bytes 500")
                        .workloads())
                .containsExactly(new Workload(Scenario.BIG, 3, 20, 2, 7, 0, 500));
        assertThat(of("--scenario echo,idle,connect --members 20").workloads())
                .containsExactly(
                        new Workload(Scenario.ECHO, 20, 1, 1, 1, 0, 128),
                        new Workload(Scenario.IDLE, 1, 20, 1, 1, 0, 128),
                        new Workload(Scenario.CONNECT, 1, 20, 0, 0, 0, 128));
    }

    @Test
    void haveEitherAWindowOrARate() {
        assertThat(of("--rate 50").workloads()).containsExactly(new Workload(Scenario.BIG, 1, 1000, 8, 0, 50, 128));
        assertThat(of("--scenario wide --window 2").workloads())
                .containsExactly(new Workload(Scenario.WIDE, 1, 5000, 10, 2, 0, 128));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--members 0                     | --members must be a number from 1 to 25000",
                "--bytes 31                      | --bytes must be a number from 32 to 65000",
                "--senders 1001                  | there must not be more --senders (1001) than --members (1000), as in big",
                "--channels 26                   | --channels times --members must not exceed 25000, as in big",
                "--channels 25000 --members 25000 | --channels times --members must not exceed 25000, as in big",
                "--protocol echo                 | --protocol knows ctesiphon, chat.v1, but not echo",
                "--journal often                 | --journal knows interval, always, never, but not often",
                "--journal never --servers selector | --journal needs seleucia among the --servers",
                "--window 1 --rate 1             | --window and --rate exclude each other",
                "--cpus all                      | --cpus must look like 0 or 0-1,3",
                "--url http://localhost/         | --url must look like ws://host:port/",
                "--url ws://h/ --pairs 2         | --pairs is for servers that are started, not for --url",
                "--url ws://h/ --scenario idle   | idle looks into a server that is started, not for --url",
            },
            ignoreLeadingAndTrailingWhitespace = false)
    void refuseWhatMakesNoSense(String line, String why) {
        assertThatThrownBy(() -> of(line.strip()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(why.substring(1));
    }

    @Test
    void explainTheScenarios() {
        assertThat(Options.USAGE)
                .contains("  --scenario NAME,... ", "  big      " + Scenario.BIG.purpose())
                .contains("  connect  " + Scenario.CONNECT.purpose());
    }
}

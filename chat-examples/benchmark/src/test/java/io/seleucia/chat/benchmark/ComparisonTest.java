package io.seleucia.chat.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    private static final Comparison.Pair PAIR = new Comparison.Pair("seleucia", "selector");

    private final Comparison comparison = new Comparison(Scenario.BIG.workload(128));

    private void rates(String server, double... rates) {
        for (double rate : rates) {
            comparison.add(server, new Result(Map.of(Metric.RATE, rate), new Latencies(), Faults.NONE));
        }
    }

    @Test
    void takesMedians() {
        assertThat(Comparison.median(List.of(3.0, 1.0, 2.0))).isEqualTo(2);
        assertThat(Comparison.median(List.of(4.0, 1.0, 2.0, 3.0))).isEqualTo(2.5);
    }

    @Test
    void comparesPairByPair() {
        rates("seleucia", 10, 30, 100);
        rates("selector", 10, 20, 50);

        assertThat(comparison.median("seleucia", Metric.RATE)).contains(30.0);
        assertThat(comparison.ratio(PAIR, Metric.RATE)).contains(new Comparison.Ratio(1.5, 1, 2));
    }

    @Test
    void hasNoRatioOfWhatWasNotMeasured() {
        rates("seleucia", 10);
        rates("selector", 0);

        assertThat(comparison.ratio(PAIR, Metric.RATE)).isEmpty();
        assertThat(comparison.ratio(PAIR, Metric.SERVER_CPU)).isEmpty();
        assertThat(comparison.median("seleucia", Metric.SERVER_CPU)).isEmpty();
    }

    @Test
    void isWrittenAsATable() {
        rates("seleucia", 1_000, 3_000, 1_500);
        rates("selector", 1_000, 1_000, 1_000);

        assertThat(Table.of(comparison).lines())
                .containsExactly(
                        "big: 1 channel of 1,000 members, 8 senders, 4 outstanding each, 128 bytes",
                        "                     deliveries/s  gaps  duplicates  reordered",
                        "seleucia                    1,500     0           0          0",
                        "selector                    1,000     0           0          0",
                        "seleucia : selector          1.50",
                        "  least                      1.00",
                        "  most                       3.00");
    }
}

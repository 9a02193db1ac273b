package io.seleucia.chat.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LatenciesTest {
    private static Latencies of(long... nanos) {
        Latencies latencies = new Latencies();
        LongStream.of(nanos).forEach(latencies::record);
        return latencies;
    }

    @Test
    void countsSmallOnesExactly() {
        Latencies latencies = of(LongStream.rangeClosed(1, 100).toArray());

        assertThat(latencies.quantile(0.01)).isEqualTo(1);
        assertThat(latencies.quantile(0.5)).isEqualTo(50);
        assertThat(latencies.quantile(0.99)).isEqualTo(99);
        assertThat(latencies.quantile(1)).isEqualTo(100);
        assertThat(latencies.total()).isEqualTo(100);
    }

    @Test
    void isAtMostAStepAboveTheTruth() {
        long[] nanos = new Random(1)
                .longs(100_000, 0, 20)
                .map(bits -> (1L << 10 + bits) + bits * 997)
                .sorted()
                .toArray();
        Latencies latencies = of(nanos);

        for (double share : new double[] {0.001, 0.5, 0.9, 0.99, 0.999}) {
            long truth = nanos[(int) Math.ceil(share * nanos.length) - 1];
            assertThat(latencies.quantile(share)).isBetween(truth, truth + truth / 64 + 1);
        }
    }

    @Test
    void holdsTheLongestExactly() {
        Latencies latencies = of(5, 1_234_567_891_011L);

        assertThat(latencies.max()).isEqualTo(1_234_567_891_011L);
        assertThat(latencies.quantile(1)).isEqualTo(1_234_567_891_011L);
        assertThat(latencies.quantile(0.5)).isEqualTo(5);
    }

    @Test
    void takesAnythingThatAClockCanGive() {
        assertThat(of(Long.MAX_VALUE).quantile(0.5)).isEqualTo(Long.MAX_VALUE);
        assertThat(of(-3).quantile(0.5)).isZero();
        assertThat(of().quantile(0.5)).isZero();
    }

    @Test
    void addsUp() {
        Latencies latencies = of(1, 2, 3);
        latencies.add(of(4, 1_000_000));

        assertThat(latencies.total()).isEqualTo(5);
        assertThat(latencies.quantile(0.6)).isEqualTo(3);
        assertThat((double) latencies.quantile(1)).isCloseTo(1_000_000, within(0.5));
    }

    @Test
    void areTheSameAfterTheWayToAnotherProcess() {
        Latencies latencies = of(3, 700, 700, 123_456_789);

        Latencies decoded = Latencies.decoded(latencies.encoded());

        assertThat(decoded.encoded()).isEqualTo(latencies.encoded());
        assertThat(decoded.total()).isEqualTo(4);
        assertThat(decoded.max()).isEqualTo(123_456_789);
        assertThat(decoded.quantile(0.5)).isEqualTo(latencies.quantile(0.5));
        assertThat(Latencies.decoded(new Latencies().encoded()).total()).isZero();
    }
}

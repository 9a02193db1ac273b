package io.seleucia.chat.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FailureBackoffTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int MAX = 10;

    private final FailureBackoff<Long> failures =
            new FailureBackoff<>(Duration.ofSeconds(1), Duration.ofSeconds(8), Duration.ofMinutes(10), MAX);

    private void add(long key, int times, long now) {
        for (int i = 0; i < times; i++) {
            failures.add(key, now);
        }
    }

    @Test
    void remembersFailuresOfABoundedNumberOfKeys() {
        for (long key = 0; key < 1_000; key++) {
            add(key, 1, 0);
        }

        assertThat(failures.size()).isEqualTo(MAX);
    }

    @Test
    void forgetsTheKeyWithTheFewestFailuresAndPassesThemOn() {
        for (long key = 0; key < MAX; key++) {
            add(key, key == 3 ? 2 : 3, 0);
        }

        add(100L, 1, 0);

        assertThat(failures.pause(3L, 0)).as("the one with the fewest").isZero();
        assertThat(failures.pause(0L, 0)).isEqualTo(4 * SECOND);
        assertThat(failures.pause(100L, 0)).as("two inherited, one its own").isEqualTo(4 * SECOND);
        assertThat(failures.remove(100L, 0)).as("its own").isEqualTo(1);
    }

    @Test
    void forgetsExpiredFailuresFirst() {
        for (long key = 0; key < MAX; key++) {
            add(key, 3, 0);
        }
        long later = Duration.ofMinutes(11).toNanos();

        add(100L, 1, later);

        assertThat(failures.pause(100L, later)).isEqualTo(SECOND);
        assertThat(failures.size()).isEqualTo(1);
    }

    @Test
    void subtractsFailures() {
        add(1L, 3, 0);
        failures.takeBack(1L, 2, 0);
        failures.begin(1L, 0, 0);
        assertThat(failures.pause(1L, 0)).isEqualTo(SECOND);

        failures.takeBack(1L, 5, 0);
        assertThat(failures.pause(1L, 0)).isZero();
        assertThat(failures.size()).isZero();
        failures.takeBack(2L, 1, 0);
        assertThat(failures.remove(2L, 0)).isZero();
    }
}

package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FailuresTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int MAX = 10;

    private final Failures failures =
            new Failures(Duration.ofSeconds(1), Duration.ofSeconds(8), Duration.ofMinutes(10), MAX);

    private void add(long key, int times, long now) {
        for (int i = 0; i < times; i++) {
            failures.add(key, now);
        }
    }

    @Test
    void areRememberedOfABoundedNumberOfKeys() {
        for (int key = 0; key < 1_000; key++) {
            add(key, 1, 0);
        }

        assertThat(failures.size()).isEqualTo(MAX);
    }

    @Test
    void ofTheKeyWithTheFewestMakeRoomAndAreInherited() {
        for (int key = 0; key < MAX; key++) {
            add(key, key == 3 ? 2 : 3, 0);
        }

        add(100, 1, 0);

        assertThat(failures.pause(3, 0)).as("the one with the fewest").isZero();
        assertThat(failures.pause(0, 0)).isEqualTo(4 * SECOND);
        assertThat(failures.pause(100, 0)).as("two inherited, one its own").isEqualTo(4 * SECOND);
        assertThat(failures.remove(100, 0)).as("its own").isEqualTo(1);
    }

    @Test
    void thatCountNoLongerMakeRoomFirst() {
        for (int key = 0; key < MAX; key++) {
            add(key, 3, 0);
        }
        long later = Duration.ofMinutes(11).toNanos();

        add(100, 1, later);

        assertThat(failures.pause(100, later)).isEqualTo(SECOND);
        assertThat(failures.size()).isEqualTo(1);
    }

    @Test
    void areTakenBack() {
        add(1, 3, 0);
        failures.takeBack(1, 2, 0);
        failures.begin(1, 0, 0);
        assertThat(failures.pause(1, 0)).isEqualTo(SECOND);

        failures.takeBack(1, 5, 0);
        assertThat(failures.pause(1, 0)).isZero();
        assertThat(failures.size()).isZero();
        failures.takeBack(2, 1, 0);
        assertThat(failures.remove(2, 0)).isZero();
    }
}

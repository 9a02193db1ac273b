package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PausesTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long LIMIT = 100 * SECOND;

    private final Pauses pauses = new Pauses(Duration.ofSeconds(1), Duration.ofSeconds(8), Duration.ofMinutes(10), 100);

    @Test
    void growWithEveryFailureUpToABound() {
        long now = 5;
        assertThat(pauses.enter("a", now, LIMIT)).hasValue(0);
        for (long pause : new long[] {1, 2, 4, 8, 8, 8}) {
            pauses.failed("a", now);
            assertThat(pauses.enter("a", now, LIMIT)).hasValue(pause * SECOND);
            now += pause * SECOND; // when its turn has come, it fails again
        }
        assertThat(pauses.enter("b", now, LIMIT)).as("another address").hasValue(0);
    }

    @Test
    void haveTriesStandInLine() {
        pauses.failed("a", 0);

        assertThat(pauses.enter("a", 0, LIMIT)).hasValue(SECOND);
        assertThat(pauses.enter("a", 0, LIMIT)).hasValue(2 * SECOND);
        assertThat(pauses.enter("a", 0, 2 * SECOND))
                .as("longer than it would wait")
                .isEmpty();
        assertThat(pauses.enter("a", 0, LIMIT))
                .as("who did not wait has no place")
                .hasValue(3 * SECOND);
    }

    @Test
    void becomeShorterWithSuccesses() {
        pauses.failed("a", 0);
        pauses.failed("a", 0);
        pauses.succeeded("a");
        assertThat(pauses.enter("a", 10 * SECOND, LIMIT)).hasValue(0);
        assertThat(pauses.enter("a", 10 * SECOND, LIMIT))
                .as("one failure is left")
                .hasValue(SECOND);

        pauses.succeeded("a");
        assertThat(pauses.enter("a", 10 * SECOND, LIMIT)).hasValue(0);
    }

    @Test
    void areForgottenAfterAWhile() {
        pauses.failed("a", 0);
        long later = Duration.ofMinutes(11).toNanos();

        assertThat(pauses.enter("a", later, LIMIT)).hasValue(0);
        pauses.failed("a", later);
        assertThat(pauses.enter("a", later, LIMIT))
                .as("as after a first failure")
                .hasValue(SECOND);
    }

    @Test
    void areRememberedForABoundedNumberOfAddresses() {
        pauses.failed("a", 0);
        for (int i = 0; i < 100; i++) {
            pauses.failed("other" + i, 0);
        }

        assertThat(pauses.enter("a", 0, LIMIT)).hasValue(0);
        assertThat(pauses.enter("other99", 0, LIMIT)).hasValue(SECOND);
    }

    @Test
    void areThoseOfAWholeNetworkWithIpv6() {
        pauses.failed("2001:db8:0:1:0:0:0:1", 0);

        assertThat(pauses.enter("2001:db8:0:1:a:b:c:d", 0, LIMIT)).hasValue(SECOND);
        assertThat(pauses.enter("2001:db8:0:2:0:0:0:1", 0, LIMIT)).hasValue(0);
    }
}

package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RateLimiterTest {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;
    private static final long START = 123_456_789_012L;

    @Test
    void allowsBurstAtOnce() {
        var limiter = limiter(1, 3, START);

        assertThat(allowed(limiter, START, 10)).isEqualTo(3);
    }

    @Test
    void refillsAtItsRate() {
        var limiter = limiter(4, 2, START);
        allowed(limiter, START, 2);

        assertThat(limiter.allows(START + 249 * MILLI)).isFalse();
        assertThat(limiter.allows(START + 251 * MILLI)).isTrue();
        assertThat(limiter.allows(START + 251 * MILLI)).isFalse();
        assertThat(limiter.allows(START + 502 * MILLI)).isTrue();
    }

    @Test
    void savesUpNoMoreThanBurst() {
        var limiter = limiter(1, 3, START);
        allowed(limiter, START, 3);

        assertThat(allowed(limiter, START + 3_600 * SECOND, 10)).isEqualTo(3);
    }

    @Test
    void beginsWithBurstHoweverLateTheFirstRequestIs() {
        var limiter = limiter(100, 5, START);

        assertThat(allowed(limiter, START + 3_600 * SECOND, 10)).isEqualTo(5);
    }

    @Test
    void allowsItsRateOnAverage() {
        var limiter = limiter(10, 5, START);
        int allowed = 0;
        for (long now = START; now < START + 100 * SECOND; now += 7 * MILLI) {
            allowed += limiter.allows(now) ? 1 : 0;
        }

        assertThat(allowed).isBetween(1_000, 1_005); // 10 a second for 100 s, and the burst
    }

    @Test
    void takesNothingForRefusals() {
        var limiter = limiter(1, 1, START);
        allowed(limiter, START, 1_000);

        assertThat(limiter.allows(START + SECOND)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE - SECOND / 2, -SECOND / 2, Long.MIN_VALUE, 0})
    void knowsNoZeroOfTime(long start) {
        var limiter = limiter(1, 1, start);
        allowed(limiter, start, 1);

        assertThat(limiter.allows(start + SECOND / 2)).isFalse();
        assertThat(limiter.exhausted()).isFalse();
        assertThat(limiter.allows(start + SECOND)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {START, Long.MAX_VALUE - 3 * SECOND, -3 * SECOND, 0})
    void isExhaustedAfterFiveSecondsOfRefusals(long start) {
        var limiter = limiter(1, 1, start);
        allowed(limiter, start, 1);
        long first = start + MILLI;
        refuse(limiter, first, first + 5 * SECOND);

        assertThat(limiter.exhausted()).isFalse();
        refuse(limiter, first + 5 * SECOND + 1, first + 5 * SECOND + 1);
        assertThat(limiter.exhausted()).isTrue();
    }

    @Test
    void isExhaustedThoughSomeRequestsAreAllowedMeanwhile() {
        var limiter = limiter(2, 1, START);
        int allowed = 0;
        for (long now = START; now < START + 6 * SECOND; now += 100 * MILLI) {
            allowed += limiter.allows(now) ? 1 : 0;
        }

        assertThat(allowed).isGreaterThan(10);
        assertThat(limiter.exhausted()).isTrue();
    }

    @Test
    void forgetsRefusalsAfterPause() {
        var limiter = limiter(1, 1, START);
        allowed(limiter, START, 1);
        long last = refuse(limiter, START + 1, START + 4 * SECOND);
        long afterPause = last + SECOND + 1;
        refuse(limiter, afterPause, afterPause + 4 * SECOND);

        assertThat(limiter.exhausted()).isFalse(); // the last refusal is more than 8 s after the first
    }

    @Test
    void countsShorterPauseAsNone() {
        var limiter = limiter(1, 1, START);
        allowed(limiter, START, 1);
        long last = refuse(limiter, START + 1, START + 4 * SECOND);
        refuse(limiter, last + SECOND, last + 2 * SECOND);

        assertThat(limiter.exhausted()).isTrue();
    }

    @Test
    void knowsHowLongItTakesUntilTheNext() {
        RateLimiter limiter = limiter(4, 2, START);
        assertThat(allowed(limiter, START, 3)).isEqualTo(2);

        assertThat(limiter.nanosUntilNext(START)).isEqualTo(SECOND / 4);
        assertThat(limiter.allows(START + SECOND / 4 - 1)).isFalse();
        assertThat(limiter.nanosUntilNext(START + SECOND / 4 - 1)).isEqualTo(1);
        assertThat(limiter.allows(START + SECOND / 4)).isTrue();
    }

    private static int allowed(RateLimiter limiter, long now, int requests) {
        int allowed = 0;
        for (int i = 0; i < requests; i++) {
            allowed += limiter.allows(now) ? 1 : 0;
        }
        return allowed;
    }

    /** A refusal at the first moment, at the last one, and every half second between; returns the last moment. */
    private static long refuse(RateLimiter limiter, long first, long last) {
        for (long now = first; now - last < 0; now += SECOND / 2) {
            refuseAt(limiter, now);
        }
        refuseAt(limiter, last);
        return last;
    }

    private static void refuseAt(RateLimiter limiter, long now) {
        for (int requests = 0; limiter.allows(now); requests++) {
            assertThat(requests).isLessThan(100);
        }
    }

    private static RateLimiter limiter(int perSecond, int burst, long now) {
        return new RateLimiter(Bucket.Rate.of(perSecond, SECOND, burst), now);
    }
}

package io.seleucia.chat.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.connection.PingTimer.Due;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PingTimerTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long START = 1_000 * SECOND;

    private final PingTimer timer = new PingTimer(
            new ConnectionLimits(1, 1, Duration.ofSeconds(30), Duration.ofSeconds(10), Duration.ZERO, Duration.ZERO),
            START);

    @Test
    void pingsAfterSilence() {
        assertThat(due(30, 0)).isEqualTo(Due.NOTHING);
        assertThat(due(31, 0)).isEqualTo(Due.PING);
        assertThat(due(32, 0)).isEqualTo(Due.NOTHING);
    }

    @Test
    void timesOutWithoutAnAnswer() {
        due(31, 0);

        assertThat(due(41, 0)).isEqualTo(Due.NOTHING);
        assertThat(due(42, 0)).isEqualTo(Due.TIMEOUT);
    }

    @Test
    void beginsAnewWithEachSignOfLife() {
        due(31, 0);

        assertThat(due(50, 40)).isEqualTo(Due.NOTHING);
        assertThat(due(70, 40)).isEqualTo(Due.NOTHING);
        assertThat(due(71, 40)).isEqualTo(Due.PING);
    }

    @Test
    void givesTheAnswerItsTimeFromWhenItCanBeHeard() {
        due(31, 0);
        assertThat(timer.check(at(60), at(0), false)).isEqualTo(Due.NOTHING);

        assertThat(due(70, 0)).isEqualTo(Due.PING);
        assertThat(due(71, 0)).isEqualTo(Due.TIMEOUT);
    }

    private Due due(long second, long lastRead) {
        return timer.check(at(second), at(lastRead), true);
    }

    private static long at(long second) {
        return START + second * SECOND;
    }
}

package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.LoggedLines;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What the log is told. */
class RedisHealthTest {
    private static final Exception WHY = new Exception("OOM");
    private static final String LINE = "Redis at here refuses: OOM";

    @Test
    void saysOnceThatRedisRefusesThoughItAnswersInBetween() {
        RedisHealth health = new RedisHealth("here");
        try (LoggedLines log = new LoggedLines()) {
            for (int i = 0; i < 1_000; i++) {
                health.refused(WHY);
                health.answered();
            }
            assertThat(log.lines()).containsExactly(LINE);
        }
    }

    @Test
    void saysItAgainAfterAWhileIfRedisHasAnsweredSince() {
        RedisHealth health = new RedisHealth("here", Duration.ofMillis(1));
        try (LoggedLines log = new LoggedLines()) {
            eventually(() -> {
                health.refused(WHY);
                health.answered();
                assertThat(log.lines()).containsExactly(LINE, LINE);
            });
        }
    }

    @Test
    void saysItOnceForAsLongAsRedisAnswersNothingElse() {
        RedisHealth health = new RedisHealth("here", Duration.ZERO);
        try (LoggedLines log = new LoggedLines()) {
            for (int i = 0; i < 1_000; i++) {
                health.refused(WHY);
            }
            assertThat(log.lines()).containsExactly(LINE);
        }
    }
}

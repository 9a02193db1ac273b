package io.seleucia.chat.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.LoggedLines;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ThrottledLogTest {
    private static final Logger LOG = System.getLogger(ThrottledLogTest.class.getName());

    private final ThrottledLog log = new ThrottledLog(LOG, Level.WARNING);

    @Test
    void writesOneLineASecondAndCountsTheOthers() {
        try (LoggedLines logged = new LoggedLines()) {
            long begun = System.nanoTime();
            int events = 0;
            while (logged.lines().size() < 2) {
                log.log(() -> "an event");
                events++;
            }

            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
            assertThat(logged.lines())
                    .containsExactly("an event", "an event (and " + (events - 2) + " others before it)");
        }
    }

    @Test
    void countsEachReasonForItself() {
        try (LoggedLines logged = new LoggedLines()) {
            for (int i = 0; i < 3; i++) {
                log.log("frequent", () -> "a");
            }
            log.log("rare", () -> "b");
            log.log(() -> "c");

            assertThat(logged.lines()).containsExactly("a", "b", "c");
        }
    }

    @Test
    void reasonsBeyondABoundShareTheirLines() {
        try (LoggedLines logged = new LoggedLines()) {
            for (int i = 0; i < 100; i++) {
                String reason = "reason " + i;
                log.log(reason, () -> reason);
            }

            assertThat(logged.lines()).hasSize(65).contains("reason 0", "reason 63", "reason 64");
        }
    }
}

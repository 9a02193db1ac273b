package io.seleucia.chat.server.management;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;

class RecentLinesTest {
    private final RecentLines lines = new RecentLines(new SimpleFormatter());

    private void log(Level level, String text) {
        lines.publish(new LogRecord(level, text));
    }

    private List<Long> numbers(RecentLines.Severity least, String contains) {
        return lines.after(0, least, contains).stream()
                .map(RecentLines.Line::number)
                .toList();
    }

    @Test
    void filtersByLevelAndByAPartOfTheTextInAnyCase() {
        log(Level.FINE, "a detail");
        log(Level.INFO, "All is well");
        log(Level.WARNING, "not all is well");
        log(Level.SEVERE, "nothing is well");

        assertThat(numbers(RecentLines.Severity.DEBUG, "")).containsExactly(1L, 2L, 3L, 4L);
        assertThat(numbers(RecentLines.Severity.INFO, "")).containsExactly(2L, 3L, 4L);
        assertThat(numbers(RecentLines.Severity.WARNING, "")).containsExactly(3L, 4L);
        assertThat(numbers(RecentLines.Severity.ERROR, "")).containsExactly(4L);
        assertThat(numbers(RecentLines.Severity.DEBUG, "ALL IS")).containsExactly(2L, 3L);
        assertThat(lines.last()).isEqualTo(4);
    }

    @Test
    void keepsAWarningInAFloodOfOtherLines() {
        log(Level.WARNING, "the disk is nearly full");
        for (int i = 0; i < 10_000; i++) {
            log(Level.INFO, "a client did something");
        }

        assertThat(numbers(RecentLines.Severity.WARNING, "")).containsExactly(1L);
        assertThat(numbers(RecentLines.Severity.DEBUG, ""))
                .hasSize(501)
                .startsWith(1L)
                .endsWith(10_001L);
    }

    @Test
    void isBoundedHoweverManyWarningsThereAre() {
        for (int i = 0; i < 5_000; i++) {
            log(Level.SEVERE, "x".repeat(10_000));
        }

        List<RecentLines.Line> all = lines.after(0, RecentLines.Severity.DEBUG, "");
        assertThat(all).hasSizeBetween(500, 700).isSortedAccordingTo((a, b) -> Long.compare(a.number(), b.number()));
        assertThat(all.stream().mapToLong(line -> line.text().length()).sum()).isLessThan(4 * 1024 * 1024);
    }
}

package io.seleucia.chat.connection;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.LoggedLines;
import java.time.Duration;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WatchdogTest {
    /** What can't be gone through. */
    private static final class Broken extends AbstractSet<Watchdog.Watched> {
        @Override
        public Iterator<Watchdog.Watched> iterator() {
            throw new AssertionError("thrown by a test");
        }

        @Override
        public int size() {
            return 1;
        }
    }

    @Test
    void keepsTheDeadlinesOfOthersWhateverOneThrows() {
        AtomicInteger checks = new AtomicInteger();
        try (LoggedLines log = new LoggedLines();
                Watchdog watchdog = new Watchdog(Duration.ofMillis(40))) {
            watchdog.watch(List.of(
                    now -> Thread.currentThread().interrupt(),
                    now -> {
                        throw new AssertionError("thrown by a test");
                    },
                    now -> {
                        throw new StackOverflowError("thrown by a test");
                    }));
            watchdog.watch(new Broken());
            watchdog.watch(List.of(now -> checks.incrementAndGet()));

            eventually(() -> assertThat(checks).hasValueGreaterThan(3));
            assertThat(log.lines()).contains("checking deadlines failed", "going through what has deadlines failed");
        }
    }
}

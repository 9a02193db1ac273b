package io.seleucia.chat.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.Eventually;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BulkheadTest {
    private final List<String> order = new CopyOnWriteArrayList<>();

    private static Bulkhead<IOException> bulkhead(int places, Duration patience) {
        return new Bulkhead<>(places, patience, "read the files", IOException::new);
    }

    /** A thread that goes in, and waits by the time this returns. */
    private Thread waiting(Bulkhead<IOException> bulkhead, String name) {
        Thread thread = Thread.ofVirtual().start(() -> {
            try {
                bulkhead.enter();
                order.add(name);
                bulkhead.leave();
            } catch (IOException e) {
                order.add(name + ": " + e.getMessage() + ", "
                        + Thread.currentThread().isInterrupted());
            }
        });
        Eventually.eventually(() -> assertThat(thread.getState()).isEqualTo(Thread.State.TIMED_WAITING));
        return thread;
    }

    @Test
    void refusesACallerThatFindsNoPlaceInTime() throws IOException {
        Bulkhead<IOException> bulkhead = bulkhead(2, Duration.ZERO);
        bulkhead.enter();
        bulkhead.enter();

        assertThatThrownBy(bulkhead::enter)
                .isExactlyInstanceOf(IOException.class)
                .hasMessage("too many callers read the files at the same time");

        bulkhead.leave();
        bulkhead.enter();
    }

    @Test
    void letsWaitingCallersInInTheOrderInWhichTheyCame() throws Exception {
        Bulkhead<IOException> bulkhead = bulkhead(1, Duration.ofMinutes(1));
        bulkhead.enter();
        List<Thread> threads = List.of(waiting(bulkhead, "a"), waiting(bulkhead, "b"), waiting(bulkhead, "c"));

        bulkhead.leave();
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(order).containsExactly("a", "b", "c");
    }

    @Test
    void anInterruptedCallerTakesNoPlaceAndStaysInterrupted() throws Exception {
        Bulkhead<IOException> bulkhead = bulkhead(1, Duration.ofMinutes(1));
        bulkhead.enter();
        Thread thread = waiting(bulkhead, "a");

        thread.interrupt();
        thread.join();

        assertThat(order).containsExactly("a: interrupted while waiting to read the files, true");
        bulkhead.leave();
        bulkhead.enter();
    }
}

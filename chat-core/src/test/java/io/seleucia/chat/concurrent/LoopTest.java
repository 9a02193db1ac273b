package io.seleucia.chat.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.System.Logger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.ResourceBundle;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class LoopTest {
    private final RecordingLogger log = new RecordingLogger();

    @Test
    void goesOnAfterAnyThrowable() {
        List<Throwable> failures = List.of(
                new IllegalStateException("a"), new AssertionError("b"), new StackOverflowError(), new LinkageError());
        AtomicInteger round = new AtomicInteger();
        Loop.run(log, "the loop", () -> round.get() < failures.size() + 1, () -> {
            int now = round.getAndIncrement();
            if (now < failures.size()) {
                LoopTest.<RuntimeException>sneak(failures.get(now));
            }
        });

        assertThat(round).hasValue(failures.size() + 1);
        assertThat(log.failures).isEqualTo(failures);
        assertThat(log.lines).containsOnly("the loop failed");
    }

    @Test
    void interruptEndsAStepButNotTheLoop() throws InterruptedException {
        LinkedBlockingQueue<String> items = new LinkedBlockingQueue<>();
        List<String> handled = new CopyOnWriteArrayList<>();
        CountDownLatch begun = new CountDownLatch(1);
        Thread thread = Thread.ofVirtual()
                .start(() -> Loop.run(log, "the loop", () -> !handled.contains("last"), () -> {
                    begun.countDown();
                    handled.add(items.take());
                }));
        assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
        thread.interrupt();
        items.add("last");

        assertThat(thread.join(Duration.ofSeconds(30))).isTrue();
        assertThat(handled).containsExactly("last");
        assertThat(log.failures).isEmpty();
    }

    @Test
    void noLogHandlerEndsALoopThatIsInterrupted() {
        AtomicInteger rounds = new AtomicInteger();
        log.broken = true;
        Loop.run(log, "the loop", () -> rounds.get() < 2, () -> {
            if (rounds.incrementAndGet() == 1) {
                throw new InterruptedException();
            }
        });

        assertThat(rounds).hasValue(2);
    }

    @Test
    void stepsThatFailOneAfterTheOtherAreSpaced() {
        AtomicInteger rounds = new AtomicInteger();
        long begun = System.nanoTime();
        Loop.run(log, "the loop", () -> rounds.get() < 5, () -> {
            rounds.incrementAndGet();
            throw new IllegalStateException();
        });

        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(Duration.ofMillis(150));
    }

    @Test
    void passesAnOutOfMemoryErrorToTheThreadsHandler() throws InterruptedException {
        AtomicReference<Throwable> seen = new AtomicReference<>();
        AtomicInteger rounds = new AtomicInteger();
        OutOfMemoryError error = new OutOfMemoryError("injected");
        Thread thread = Thread.ofVirtual()
                .uncaughtExceptionHandler((it, failure) -> seen.set(failure))
                .start(() -> Loop.run(log, "the loop", () -> rounds.get() < 2, () -> {
                    if (rounds.incrementAndGet() == 1) {
                        throw error;
                    }
                }));

        assertThat(thread.join(Duration.ofSeconds(30))).isTrue();
        assertThat(seen).hasValue(error);
        assertThat(rounds).hasValue(2);
    }

    @Test
    void survivesALogThatFails() {
        log.broken = true;
        AtomicInteger rounds = new AtomicInteger();
        Loop.run(log, "the loop", () -> rounds.get() < 2, () -> {
            rounds.incrementAndGet();
            throw new IllegalStateException();
        });

        assertThat(rounds).hasValue(2);
    }

    @Test
    void attemptTellsWhetherTheItemSucceeded() {
        AssertionError failure = new AssertionError();

        assertThat(Loop.attempt(log, "an item", () -> {})).isTrue();
        assertThat(Loop.attempt(log, "an item", () -> {
                    throw failure;
                }))
                .isFalse();
        assertThat(log.failures).containsExactly(failure);
        assertThat(log.lines).containsExactly("an item failed");
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable failure) throws T {
        throw (T) failure;
    }

    /** Keeps what is logged at ERROR. */
    private static final class RecordingLogger implements Logger {
        private final List<String> lines = new ArrayList<>();
        private final List<Throwable> failures = new ArrayList<>();
        private boolean broken;

        @Override
        public String getName() {
            return "recording";
        }

        @Override
        public boolean isLoggable(Level level) {
            return level == Level.ERROR;
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
            refuseIfBroken();
            lines.add(message);
            failures.add(thrown);
        }

        @Override
        public void log(Level level, Supplier<String> message) {
            refuseIfBroken();
        }

        private void refuseIfBroken() {
            if (broken) {
                throw new IllegalStateException("the log is broken");
            }
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {
            throw new UnsupportedOperationException();
        }
    }
}

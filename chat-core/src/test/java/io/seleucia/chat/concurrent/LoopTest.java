package io.seleucia.chat.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.System.Logger;
import java.time.Duration;
import java.util.List;
import java.util.ResourceBundle;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
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

    @Test
    void repeatsAStepAfterEachPauseUntilClosed() throws InterruptedException {
        Duration pause = Duration.ofMillis(20);
        CountDownLatch closed = new CountDownLatch(1);
        AtomicInteger rounds = new AtomicInteger();
        long begun = System.nanoTime();
        Loop.every(pause, log, "the loop", closed, () -> {
            if (rounds.incrementAndGet() == 3) {
                closed.countDown();
            }
            throw new IllegalStateException();
        });

        assertThat(rounds).hasValue(3);
        assertThat(log.lines).hasSize(3).containsOnly("the loop failed");
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(pause.multipliedBy(3));
    }

    @Test
    void closingEndsAPause() throws InterruptedException {
        CountDownLatch closed = new CountDownLatch(1);
        AtomicInteger rounds = new AtomicInteger();
        Thread thread = Thread.ofVirtual()
                .start(() -> Loop.every(Duration.ofDays(1), log, "the loop", closed, rounds::incrementAndGet));

        closed.countDown();

        assertThat(thread.join(Duration.ofSeconds(30))).isTrue();
        assertThat(rounds).hasValue(0);
    }

    @Test
    void attemptsEachItemWithABoundedNumberAtATime() {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CyclicBarrier both = new CyclicBarrier(2); // shows that two are inside together
        List<Integer> done = new CopyOnWriteArrayList<>();

        Loop.attemptEach(log, item -> "item " + item, List.of(0, 1, 2, 3, 4, 5), 2, item -> {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            await(both);
            inside.decrementAndGet();
            done.add(item);
            throw new IllegalStateException(Thread.currentThread().getName());
        });

        assertThat(done).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5);
        assertThat(most).hasValue(2);
        assertThat(log.lines).contains("item 0 failed", "item 5 failed").hasSize(6);
        assertThat(log.failures).extracting(Throwable::getMessage).contains("item 0", "item 5");
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable failure) throws T {
        throw (T) failure;
    }

    /** Keeps what is logged at ERROR. */
    private static final class RecordingLogger implements Logger {
        private final List<String> lines = new CopyOnWriteArrayList<>();
        private final List<Throwable> failures = new CopyOnWriteArrayList<>();
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

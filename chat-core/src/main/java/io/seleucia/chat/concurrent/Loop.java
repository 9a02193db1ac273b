package io.seleucia.chat.concurrent;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The one way in which this library runs loops. An item that fails, with any {@link Throwable}, is reported, and the loop goes
 * on with the next one. Only its owner ends a loop: an interrupt ends a step.
 *
 * <p>An {@link OutOfMemoryError}, also as a cause, concerns the process. It is passed to the uncaught-exception handler of the
 * thread, which lives on, so that a program can end.
 */
public final class Loop {
    private static final long SHORTEST_PAUSE_MILLIS = 10;
    private static final long LONGEST_PAUSE_MILLIS = 1_000;
    private static final int LONGEST_CHAIN = 20; // of causes, which may be a ring

    /** One round of a loop: usually waits for an item and handles it. */
    @FunctionalInterface
    public interface Step {
        /** Runs one round. If it is interrupted, the next round begins. */
        void run() throws InterruptedException;
    }

    private Loop() {}

    /**
     * Repeats a step in the calling thread. Returns, and never throws, once {@code open} returns false. After steps that fail
     * one after the other there is a pause, which grows from 10 ms to 1 s.
     *
     * @param log takes failures, at {@code ERROR}
     * @param what the loop, as the subject of a log line: {@code "the watchdog"}
     * @param open asked before each step
     */
    public static void run(Logger log, String what, BooleanSupplier open, Step step) {
        long pause = 0;
        while (open.getAsBoolean()) {
            try {
                if (pause > 0) {
                    TimeUnit.MILLISECONDS.sleep(pause);
                }
                step.run();
                pause = 0;
            } catch (InterruptedException e) {
                attempt(log, what, () -> log.log(Level.DEBUG, () -> what + " was interrupted, and goes on"));
            } catch (Throwable e) {
                pause = Math.clamp(pause * 2, SHORTEST_PAUSE_MILLIS, LONGEST_PAUSE_MILLIS);
                report(log, what, e);
            }
        }
    }

    /**
     * Repeats a step as {@link #run} does, after a pause each time, until a latch is opened.
     *
     * @param closed ends the loop, also during a pause
     */
    public static void every(Duration pause, Logger log, String what, CountDownLatch closed, Step step) {
        run(log, what, () -> closed.getCount() > 0, () -> {
            if (!closed.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
                step.run();
            }
        });
    }

    /**
     * Runs one item of several. Returns whether it succeeded; a failure is reported.
     *
     * @param what the item, as the subject of a log line: {@code "a listener"}
     */
    public static boolean attempt(Logger log, String what, Runnable item) {
        try {
            item.run();
            return true;
        } catch (Throwable e) {
            report(log, what, e);
            return false;
        }
    }

    /**
     * Runs a task for each item in a virtual thread of its own, for a number of items at a time, and blocks until all are
     * done. Failures are reported. An interrupt is kept for later.
     *
     * @param what names the task of an item, as the subject of a log line and as the name of the thread
     */
    public static <T> void attemptEach(
            Logger log, Function<? super T, String> what, Iterable<T> items, int atOnce, Consumer<? super T> task) {
        Semaphore places = new Semaphore(atOnce);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (T item : items) {
                String subject = what.apply(item);
                places.acquireUninterruptibly();
                threads.execute(() -> {
                    Thread.currentThread().setName(subject);
                    attempt(log, subject, () -> task.accept(item));
                    places.release();
                });
            }
        }
    }

    /**
     * Reports a failure that a loop survives: logs it at {@code ERROR}, and {@linkplain #passOn passes on} an {@link
     * OutOfMemoryError}. Never throws.
     *
     * @param what the subject of the log line
     */
    public static void report(Logger log, String what, Throwable why) {
        passOn(why); // first: writing a line may block
        try {
            log.log(Level.ERROR, what + " failed", why);
        } catch (Throwable e) {
            // No memory is left even for the line, or a log handler is broken.
        }
    }

    /**
     * Passes an {@link OutOfMemoryError}, also one that is a cause, to the thread's uncaught-exception handler. For failures
     * that are stored or answered instead of reported. Never throws.
     */
    public static void passOn(Throwable why) {
        Throwable cause = why;
        for (int depth = 0; cause != null && depth < LONGEST_CHAIN; depth++) {
            if (cause instanceof OutOfMemoryError) {
                passToHandler(cause);
                return;
            }
            cause = cause.getCause();
        }
    }

    private static void passToHandler(Throwable why) {
        Thread thread = Thread.currentThread();
        try {
            thread.getUncaughtExceptionHandler().uncaughtException(thread, why);
        } catch (Throwable e) {
            // Failures of the handler are ignored, as always.
        }
    }
}

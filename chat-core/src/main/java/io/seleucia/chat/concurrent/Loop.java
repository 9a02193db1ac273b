package io.seleucia.chat.concurrent;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * The one way in which this library runs loops. An item that fails, with any {@link Throwable}, is reported, and the loop
 * goes on with the next one. Only the loop's owner ends it: an interrupt ends the step that it hits, not the loop.
 *
 * <p>An {@link OutOfMemoryError} concerns the process, not the item. It is also passed to the uncaught-exception handler
 * of the thread, so that a program that wants to end then can do so, although the thread lives on. The same holds for a
 * failure that it has caused.
 */
public final class Loop {
    private static final long SHORTEST_PAUSE_MILLIS = 10;
    private static final long LONGEST_PAUSE_MILLIS = 1_000;
    private static final int LONGEST_CHAIN = 20; // of causes, which a plug-in may make a ring

    /** One round of a loop: usually waits for an item and handles it. */
    @FunctionalInterface
    public interface Step {
        /**
         * Runs one round.
         *
         * @throws InterruptedException if the thread was interrupted while it waited; the next round begins
         */
        void run() throws InterruptedException;
    }

    private Loop() {}

    /**
     * Repeats a step in the calling thread. Returns, and never throws, once {@code open} returns false. Steps that fail one
     * after the other are spaced by a pause that grows from 10 ms to 1 s, so that a lasting fault neither spins nor
     * floods the log.
     *
     * @param log takes failures, at {@code ERROR}
     * @param what the loop, as the subject of a log line: {@code "the watchdog"}
     * @param open whether to go on; asked before each step
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
                noteInterrupt(log, what);
            } catch (Throwable e) {
                pause = Math.clamp(pause * 2, SHORTEST_PAUSE_MILLIS, LONGEST_PAUSE_MILLIS);
                report(log, what, e);
            }
        }
    }

    private static void noteInterrupt(Logger log, String what) {
        try {
            log.log(Level.DEBUG, () -> what + " was interrupted, and goes on");
        } catch (Throwable e) {
            passOn(e); // a log handler is broken, which is no reason to end the loop
        }
    }

    /**
     * Runs one item of several, so that the others do not suffer from its failure. Returns whether it succeeded; a failure
     * has been reported.
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
     * Reports a failure that a loop survives: logs it at {@code ERROR}, and passes it on if memory has run out, as
     * {@link #passOn} does. Never throws.
     *
     * @param what what failed, as the subject of a log line
     */
    public static void report(Logger log, String what, Throwable why) {
        passOn(why); // first, for writing a line may block
        try {
            log.log(Level.ERROR, what + " failed", why);
        } catch (Throwable e) {
            // No memory is left even for the line, or a log handler is broken: there is no one left to tell.
        }
    }

    /**
     * Passes an {@link OutOfMemoryError} to the thread's uncaught-exception handler, also one that is the cause of a
     * failure. For failures that are stored or answered instead of reported. Never throws.
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
            // As for any uncaught exception, what its handler throws is ignored.
        }
    }
}

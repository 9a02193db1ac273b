package io.seleucia.chat.server;

import io.seleucia.chat.concurrent.Loop;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends the process with status {@value #STATUS} when it runs out of memory, because any part of it may be broken then. It is
 * the handler of uncaught exceptions, and the library also passes it the {@link OutOfMemoryError}s that it catches. It logs
 * all other exceptions.
 *
 * <p>Two daemon threads: one allocates a little memory every second, which notices errors that were swallowed elsewhere, such
 * as in the JDK, while memory is still short. The other ends the process if standard error blocks.
 *
 * <p>After the error, nothing here allocates. The JVM does when code runs for the first time and loads classes; so all code
 * is rehearsed at the start, and a reserve of memory is released.
 */
final class OutOfMemory implements Thread.UncaughtExceptionHandler {
    static final int STATUS = 3;

    private static final Logger LOG = System.getLogger(OutOfMemory.class.getName());
    private static final byte[] LINE = "chat-server: out of memory, the process ends; give it a larger heap (-Xmx)\n"
            .getBytes(StandardCharsets.US_ASCII);
    private static final int RESERVE = 1024 * 1024;
    private static final int LITTLE = 64 * 1024;
    private static final long ROUND_NANOS = 1_000_000_000L;

    private final FileOutputStream errors = new FileOutputStream(FileDescriptor.err);
    private final AtomicBoolean noticed = new AtomicBoolean();
    private final Thread probing = Thread.ofPlatform().daemon().name("memory").unstarted(this::probeMemory);
    private final Thread ending =
            Thread.ofPlatform().daemon().name("memory-end").unstarted(this::awaitEnd);
    private volatile boolean rehearsing = true;

    @SuppressWarnings("UnusedVariable")
    private volatile byte[] reserve; // released when memory runs out

    @SuppressWarnings("UnusedVariable")
    private volatile byte[] taken; // a field, so that the compiler can't remove the allocation

    private OutOfMemory() {}

    static void endsTheProcess() {
        OutOfMemory handler = new OutOfMemory();
        Thread.setDefaultUncaughtExceptionHandler(handler);
        Loop.passOn(new OutOfMemoryError("a rehearsal")); // reaches the handler
        handler.rehearsing = false;
        handler.reserve = new byte[RESERVE];
        handler.probing.start();
        handler.ending.start();
    }

    @Override
    public void uncaughtException(Thread thread, Throwable why) {
        if (why instanceof OutOfMemoryError) {
            reserve = null;
            end();
        } else {
            LOG.log(Level.ERROR, "the thread " + thread.getName() + " has ended by an exception", why);
        }
    }

    private void end() {
        if (noticed.getAndSet(!rehearsing)) {
            return; // another thread does it
        }
        LockSupport.unpark(ending);
        try {
            errors.write(LINE, 0, rehearsing ? 0 : LINE.length);
        } catch (IOException e) {
            // nowhere else to report it
        } finally {
            halt();
        }
    }

    private void halt() {
        Runtime runtime = Runtime.getRuntime();
        if (!rehearsing) {
            runtime.halt(STATUS);
        }
    }

    private void probeMemory() {
        while (!noticed.get()) {
            LockSupport.parkNanos(ROUND_NANOS);
            taken = new byte[LITTLE]; // if it fails, the error ends this thread
            taken = null;
        }
    }

    private void awaitEnd() {
        while (!noticed.get()) {
            LockSupport.park(this);
        }
        long noticedAt = System.nanoTime();
        while (System.nanoTime() - noticedAt < ROUND_NANOS) {
            LockSupport.parkNanos(ROUND_NANOS);
        }
        halt(); // writing the line blocks
    }
}

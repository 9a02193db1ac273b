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
 * Ends the process with status {@value #STATUS} when its memory has run out, for it can't be told what still works then.
 * It is the handler of all exceptions that end a thread, to which the library also passes the {@link OutOfMemoryError}s
 * that it catches; any other exception is logged.
 *
 * <p>Two daemon threads: one asks for a little memory every second, so that an error that was swallowed elsewhere, such as
 * in the JDK, is noticed as long as memory is still lacking. The other ends the process if the line that says so can't
 * be written to standard error.
 *
 * <p>From the error on, nothing here allocates. The JVM itself does, when code runs for the first time and asks the class
 * loader for the classes that it names; so all of it runs once at the start, and some memory is kept to be given up.
 */
final class OutOfMemory implements Thread.UncaughtExceptionHandler {
    /** The exit status. */
    static final int STATUS = 3;

    private static final Logger LOG = System.getLogger(OutOfMemory.class.getName());
    private static final byte[] LINE = "chat-server: out of memory, the process ends; give it a larger heap (-Xmx)\n"
            .getBytes(StandardCharsets.US_ASCII);
    private static final int RESERVE = 1024 * 1024;
    private static final int LITTLE = 64 * 1024;
    private static final long ROUND_NANOS = 1_000_000_000L;

    private final FileOutputStream errors = new FileOutputStream(FileDescriptor.err);
    private final AtomicBoolean noticed = new AtomicBoolean();
    private final Thread trying = Thread.ofPlatform().daemon().name("memory").unstarted(this::tryForMemory);
    private final Thread ending =
            Thread.ofPlatform().daemon().name("memory-end").unstarted(this::awaitEnd);
    private volatile boolean rehearsing = true;
    private volatile byte[] reserve; // given up when memory has run out
    private volatile byte[] taken; // so that the compiler can't leave out to take it

    private OutOfMemory() {}

    /** Ends the process from now on when memory runs out, and logs other exceptions that end a thread. */
    static void endsTheProcess() {
        OutOfMemory handler = new OutOfMemory();
        Thread.setDefaultUncaughtExceptionHandler(handler);
        Loop.passOn(new OutOfMemoryError("a rehearsal")); // which comes back to the handler
        handler.rehearsing = false;
        handler.reserve = new byte[RESERVE];
        handler.trying.start();
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
            return; // another thread is at it
        }
        LockSupport.unpark(ending);
        try {
            errors.write(LINE, 0, rehearsing ? 0 : LINE.length);
        } catch (IOException e) {
            // There is nowhere else to say it.
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

    private void tryForMemory() {
        while (!noticed.get()) {
            LockSupport.parkNanos(ROUND_NANOS);
            taken = new byte[LITTLE]; // if that fails, this thread ends by the error
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
        halt(); // the line could not be written
    }
}

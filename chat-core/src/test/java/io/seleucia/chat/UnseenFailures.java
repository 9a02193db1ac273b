package io.seleucia.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails the test in which a thread has ended by an exception, though nobody waits for that thread: a loop of a server's,
 * or a reader of the test's own, whose work is not done from then on. All tests have it.
 */
public final class UnseenFailures implements AfterEachCallback, AfterAllCallback {
    private static final LinkedBlockingQueue<AssertionError> FAILURES = new LinkedBlockingQueue<>();

    static {
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> FAILURES.add(
                new AssertionError("the thread " + thread.getName() + " has ended by " + failure, failure)));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        failIfAny();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        failIfAny();
    }

    private static void failIfAny() {
        AssertionError first = FAILURES.poll();
        if (first != null) {
            List<AssertionError> others = new ArrayList<>();
            FAILURES.drainTo(others);
            others.forEach(first::addSuppressed);
            throw first;
        }
    }
}

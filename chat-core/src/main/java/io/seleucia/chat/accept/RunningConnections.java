package io.seleucia.chat.accept;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.connection.Watchdog;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The connections of a connector from their first byte to their last, each with a thread of its own. Any thread. */
final class RunningConnections {
    private static final Logger LOG = System.getLogger(RunningConnections.class.getName());

    /** The interval in which {@link #drain} looks whether another thread is closing the server too. */
    private static final Duration LOOK = Duration.ofMillis(50);

    /** A connection from its beginning to its end, which its thread serves. */
    abstract static class Running implements Runnable, Watchdog.Watched {
        private final Thread thread = Thread.ofVirtual().unstarted(this);
        private final CountDownLatch ended = new CountDownLatch(1);
        private final Set<Running> all;

        Running(RunningConnections all) {
            this.all = all.running;
        }

        final void start() {
            try {
                all.add(this);
                thread.start();
            } catch (Throwable e) {
                end();
                throw e;
            }
        }

        @Override
        public final void run() {
            try {
                serve();
            } catch (Throwable e) {
                Loop.report(LOG, "serving a connection", e);
            } finally {
                end();
            }
        }

        private void end() {
            try {
                leave();
            } finally {
                all.remove(this);
                ended.countDown();
            }
        }

        /** Serves the connection until it ends. */
        abstract void serve();

        /** Releases the connection. */
        abstract void leave();

        /** Ends the connection if it waits for another request and serves none. Any thread; does not block. */
        void stop() {}

        /** Returns the connection, or null while its handshake is not done. */
        abstract ServedConnection served();
    }

    private final Set<Running> running = ConcurrentHashMap.newKeySet();

    RunningConnections(Watchdog watchdog) {
        watchdog.watch(running);
    }

    /** Returns those whose handshake is done. */
    Stream<ServedConnection> served() {
        return running.stream().map(Running::served).filter(Objects::nonNull);
    }

    /** Ends those that wait for another request, because the server stops. */
    void stop() {
        running.forEach(Running::stop);
    }

    /**
     * Implements {@link Connector#drain}.
     *
     * @param abort the longest time for connections to end after they were cut off
     */
    void drain(long deadline, Set<Thread> closing, Duration abort) {
        awaitEnd(deadline, closing);
        List<Running> late =
                running.stream().filter(one -> !closing.contains(one.thread)).toList();
        if (!late.isEmpty()) {
            LOG.log(Level.WARNING, late.size() + " connections did not end in time and are cut off");
            late.stream().map(Running::served).filter(Objects::nonNull).forEach(ServedConnection::abort);
            awaitEnd(System.nanoTime() + abort.toNanos(), closing);
        }
    }

    private void awaitEnd(long deadline, Set<Thread> closing) {
        try {
            for (Running one : running) {
                for (long left = deadline - System.nanoTime();
                        left > 0 && !closing.contains(one.thread);
                        left = deadline - System.nanoTime()) {
                    if (one.ended.await(Math.min(left, LOOK.toNanos()), TimeUnit.NANOSECONDS)) {
                        break;
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the caller does not want to wait: the others are cut off
        }
    }
}

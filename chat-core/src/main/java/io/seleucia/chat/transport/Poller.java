package io.seleucia.chat.transport;

import io.seleucia.chat.concurrent.Loop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;

/**
 * Waits for the sockets of many connections in one thread, and wakes their loops. The loops themselves read and write; this
 * thread only sets states and unparks, runs no code of others, and never blocks but in the selector. So no connection holds
 * it up for longer than the handling of one event.
 *
 * <p>After a round it yields, so that the loops it has woken run, and often finds that more has come: that spares parking.
 * But the scheduler prefers threads that virtual threads have woken to those that others have, such as the one that writes
 * the journal. So now and then the poller pauses, until all those have run.
 *
 * <p>The thread is virtual where a selector parks one (from JDK 24 on). Before, it would pin its carrier.
 */
public final class Poller implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Poller.class.getName());
    private static final int SELECTOR_PARKS = 24; // the first JDK in which it does
    private static final int ROUNDS = 64; // without a pause
    private static final long PAUSE_NANOS = 1_000;

    /** A connection as a poller sees it. */
    interface Polled {
        /** Wakes the threads that wait for what is ready. Called by the poller's thread; must not block. */
        void ready(SelectionKey key);

        /** Closes the connection, and wakes its threads. */
        void close() throws IOException;
    }

    private final Selector selector = open();
    private int rounds; // since the last pause; used by the thread only
    private volatile boolean closed;

    /** Starts the thread. */
    @SuppressWarnings("this-escape")
    public Poller() {
        Thread.Builder thread = Runtime.version().feature() >= SELECTOR_PARKS
                ? Thread.ofVirtual()
                : Thread.ofPlatform().daemon();
        thread.name("poller").start(this::run);
    }

    private static Selector open() {
        try {
            return Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException("a selector can't be opened: " + e.getMessage(), e);
        }
    }

    /** Registers a channel, which must be non-blocking, for reading. */
    SelectionKey register(SocketChannel channel, Polled link) throws IOException {
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ, link);
        wake();
        return key;
    }

    /** Has the selector see at once that a registration has changed or a channel is closed. Any thread. */
    void wake() {
        selector.wakeup();
    }

    private void run() {
        Loop.run(LOG, "the poller", () -> !closed || !selector.keys().isEmpty(), this::round);
        try {
            selector.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "closing a selector: " + e.getMessage());
        }
    }

    private void round() {
        try {
            selector.select(Poller::ready);
        } catch (IOException e) {
            throw new UncheckedIOException("waiting for sockets fails: " + e.getMessage(), e);
        }
        Thread.interrupted(); // it would keep the thread from waiting
        if (++rounds < ROUNDS) {
            Thread.yield();
        } else {
            rounds = 0;
            LockSupport.parkNanos(this, PAUSE_NANOS);
        }
    }

    private static void ready(SelectionKey key) {
        Polled link = (Polled) key.attachment();
        try {
            link.ready(key);
        } catch (CancelledKeyException e) {
            // It was closed meanwhile, which has woken its threads.
        } catch (Throwable e) { // the connection can't go on, but all others do
            close(link, e);
            Loop.report(LOG, "polling a socket", e);
        }
    }

    private static void close(Polled link, Throwable why) {
        try {
            link.close();
        } catch (IOException e) {
            why.addSuppressed(e);
        }
    }

    /** Ends the thread as soon as the last registered channel is closed. Does not block. */
    @Override
    public void close() {
        closed = true;
        wake();
    }
}

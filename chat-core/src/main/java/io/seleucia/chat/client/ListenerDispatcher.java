package io.seleucia.chat.client;

import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/**
 * Calls the program's listener, in a virtual thread of its own, one call after the other. The {@link Window} bounds the
 * waiting calls: the client does not read on while it is full.
 */
final class ListenerDispatcher {
    private static final Logger LOG = System.getLogger(ListenerDispatcher.class.getName());

    /** A call, and the memory that it takes while it waits. */
    private record Parcel(int bytes, Consumer<ChatListener> call) {}

    private static final Parcel LAST = new Parcel(0, listener -> {});

    private final BlockingQueue<Parcel> parcels = new LinkedBlockingQueue<>();
    private final ChatListener listener;
    private final Window window;
    private final Thread thread;
    private boolean ended; // the thread's own

    /** Starts the thread. */
    ListenerDispatcher(String name, ChatListener listener, Window window) {
        this.listener = listener;
        this.window = window;
        this.thread = Thread.ofVirtual().name("chat-listener " + name).start(this::run);
    }

    private void run() {
        Loop.run(LOG, "calling the listener", () -> !ended, () -> {
            Parcel parcel = parcels.take();
            if (parcel == LAST) {
                ended = true;
            } else {
                Loop.attempt(LOG, "the listener", () -> parcel.call.accept(listener));
                window.give(parcel.bytes);
            }
        });
    }

    /** Adds a call of the listener. Never blocks. */
    void put(int bytes, Consumer<ChatListener> call) {
        window.take(bytes);
        parcels.add(new Parcel(bytes, call));
    }

    /** Ends the thread after the waiting calls. */
    void end() {
        parcels.add(LAST);
    }

    /** Returns whether the listener's thread is calling. */
    boolean isCurrentThread() {
        return Thread.currentThread() == thread;
    }

    /** Waits for the end of the thread, unless the listener itself is calling. */
    void awaitEnd(Duration patience) throws InterruptedException {
        if (!isCurrentThread()) {
            thread.join(patience);
        }
    }
}

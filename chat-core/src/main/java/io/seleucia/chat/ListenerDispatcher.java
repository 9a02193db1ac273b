package io.seleucia.chat;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.concurrent.RefCountedMap;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.RefusedException;
import io.seleucia.chat.session.Observer;
import io.seleucia.chat.session.SessionView;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Tells a program's listeners what happens. Connections leave events in a queue, and one thread tells them in order until
 * {@link #close}. The few events after that, such as the end of the connection whose handler closes the server, get a
 * thread each.
 */
final class ListenerDispatcher implements Observer {
    static final int MAX_WAITING = 100_000;

    private static final Logger LOG = System.getLogger(ListenerDispatcher.class.getName());

    private final List<ServerListener> listeners;
    private final RefCountedMap<String, String> clients = new RefCountedMap<>(); // used by their sessions
    private final LinkedBlockingQueue<Consumer<ServerListener>> waiting = new LinkedBlockingQueue<>(MAX_WAITING);
    private final AtomicBoolean overrun = new AtomicBoolean();
    private final Thread thread = Thread.ofVirtual().name("listeners").unstarted(this::run);
    private final ReentrantLock telling = new ReentrantLock(); // once the thread has ended: one event at a time
    private volatile boolean closed;
    private volatile boolean ended; // the thread takes no more events

    /** Starts the thread. */
    ListenerDispatcher(List<ServerListener> listeners) {
        this.listeners = List.copyOf(listeners);
        thread.start();
    }

    @Override
    public void connected(SessionView session) {
        SessionSnapshot now = SessionSnapshot.of(session);
        tell(listener -> listener.connected(now));
    }

    @Override
    public void disconnected(SessionView session, CloseCode code) {
        SessionSnapshot now = SessionSnapshot.of(session);
        tell(listener -> listener.disconnected(now, code));
    }

    @Override
    public void named(SessionView session, String former, String name) {
        if (!name.isEmpty()) {
            clients.acquire(name, client -> {
                tell(listener -> listener.arrived(client));
                return client;
            });
        }
        if (!former.isEmpty()) {
            clients.release(former, former, client -> tell(listener -> listener.departed(client)));
        }
    }

    @Override
    public void occupied(String channel) {
        tell(listener -> listener.occupied(channel));
    }

    @Override
    public void vacated(String channel) {
        tell(listener -> listener.vacated(channel));
    }

    @Override
    public Content publishing(SessionView session, String channel, Content content) throws RefusedException {
        SessionSnapshot from = SessionSnapshot.of(session);
        Content now = content;
        for (ServerListener listener : listeners) {
            now = Objects.requireNonNull(
                    listener.publishing(from, channel, now),
                    () -> "publishing of " + listener.getClass().getName() + " returned null");
        }
        return now;
    }

    private void tell(Consumer<ServerListener> event) {
        try {
            if (!waiting.offer(event) && !overrun.getAndSet(true)) {
                LOG.log(Level.ERROR, "a listener takes too long: " + MAX_WAITING + " events wait, more are not told");
            }
            if (ended) {
                Thread.ofVirtual().name("listeners-late").start(this::tellRest); // the caller may hold a lock
            }
        } catch (Throwable e) { // what is told of must not fail for it
            Loop.report(LOG, "telling the listeners", e);
        }
    }

    private void run() {
        Loop.run(LOG, "telling the listeners", () -> !closed || !waiting.isEmpty(), () -> {
            tellAll(waiting.take());
            if (waiting.isEmpty()) {
                overrun.set(false);
            }
        });
        ended = true; // an event that was offered before this is told here, a later one by a thread of its own
        tellRest();
    }

    private void tellAll(Consumer<ServerListener> event) {
        for (ServerListener listener : listeners) {
            Loop.attempt(LOG, "a listener", () -> event.accept(listener));
        }
    }

    private void tellRest() {
        telling.lock(); // held during the callbacks, which keeps the order; nothing else takes it
        try {
            for (Consumer<ServerListener> event = waiting.poll(); event != null; event = waiting.poll()) {
                tellAll(event);
            }
        } finally {
            telling.unlock();
        }
    }

    /** Waits until all has been told, but no longer than this. A listener that calls it is told the rest afterwards. */
    void close(Duration patience) {
        closed = true;
        waiting.offer(listener -> {}); // wakes the thread; where there is no room, it is awake
        try {
            if (Thread.currentThread() != thread && !thread.join(patience)) {
                LOG.log(Level.WARNING, "a listener takes too long: " + waiting.size() + " events are not told");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the caller of close is in a hurry
        }
    }
}

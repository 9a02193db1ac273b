package io.seleucia.chat;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.RefusedException;
import io.seleucia.chat.session.Observer;
import io.seleucia.chat.session.Session;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Tells a program's listeners what happens: whoever it happens to leaves it in a queue, and one thread tells. */
final class Listeners implements Observer {
    static final int MAX_WAITING = 100_000;

    private static final Logger LOG = System.getLogger(Listeners.class.getName());

    private final List<ServerListener> listeners;
    private final ConcurrentHashMap<String, Integer> sessions = new ConcurrentHashMap<>(); // of each client
    private final LinkedBlockingQueue<Consumer<ServerListener>> waiting = new LinkedBlockingQueue<>(MAX_WAITING);
    private final AtomicBoolean overrun = new AtomicBoolean();
    private final Thread thread = Thread.ofVirtual().name("listeners").unstarted(this::run);
    private volatile boolean closed;

    /** Starts the thread. */
    Listeners(List<ServerListener> listeners) {
        this.listeners = List.copyOf(listeners);
        thread.start();
    }

    @Override
    public void connected(Session session) {
        OpenSession now = OpenSession.of(session);
        tell(listener -> listener.connected(now));
    }

    @Override
    public void disconnected(Session session, CloseCode code) {
        OpenSession now = OpenSession.of(session);
        tell(listener -> listener.disconnected(now, code));
    }

    @Override
    public void named(Session session, String former, String name) {
        if (!name.isEmpty()) {
            sessions.compute(name, (key, count) -> {
                if (count == null) {
                    tell(listener -> listener.arrived(name));
                }
                return count == null ? 1 : count + 1;
            });
        }
        if (!former.isEmpty()) {
            sessions.computeIfPresent(former, (key, count) -> {
                if (count == 1) {
                    tell(listener -> listener.departed(former));
                }
                return count == 1 ? null : count - 1;
            });
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
    public Content publishing(Session session, String channel, Content content) throws RefusedException {
        OpenSession from = OpenSession.of(session);
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
        } catch (Throwable e) { // what is told of must not fail for it
            Loop.report(LOG, "telling the listeners", e);
        }
    }

    private void run() {
        Loop.run(LOG, "telling the listeners", () -> !closed || !waiting.isEmpty(), () -> {
            Consumer<ServerListener> event = waiting.take();
            for (ServerListener listener : listeners) {
                Loop.attempt(LOG, "a listener", () -> event.accept(listener));
            }
            if (waiting.isEmpty()) {
                overrun.set(false);
            }
        });
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
            Thread.currentThread().interrupt(); // whoever closes is in a hurry
        }
    }
}

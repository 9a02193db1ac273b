package io.seleucia.chat.server.hostile;

import java.io.IOException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Hostile clients of one server, from one or several addresses, each with a thread, until their time is over. A client
 * that is refused or ended has lost; that is no failure.
 */
final class Swarm implements AutoCloseable {
    private static final int SMALL_BUFFER = 4_096;
    private static final long PAUSE_MILLIS = 20;

    private final PackagedServer server;
    private final long end;
    private final int addresses;
    private final Queue<Peer> opened = new ConcurrentLinkedQueue<>();

    /** What one of them does. */
    @FunctionalInterface
    interface Guest {
        void act(int index) throws Exception;
    }

    /**
     * @param duration after which they are told to stop
     * @param addresses from which they come
     */
    Swarm(PackagedServer server, Duration duration, int addresses) {
        this.server = server;
        this.end = System.nanoTime() + duration.toNanos();
        this.addresses = addresses;
    }

    PackagedServer server() {
        return server;
    }

    boolean isOver() {
        return System.nanoTime() - end >= 0;
    }

    /** Waits until the time is over: what has been done is left as it is. */
    void stay() throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(end - System.nanoTime());
    }

    /** Has so many act at once, and waits until all have ended. */
    void each(int count, Guest guest) {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < count; i++) {
                int index = i;
                threads.execute(() -> act(guest, index));
            }
        }
    }

    /** The same, each again and again. */
    void eachAgain(int count, Guest guest) {
        each(count, index -> {
            while (!isOver()) {
                act(guest, index);
            }
        });
    }

    private void act(Guest guest, int index) {
        try {
            guest.act(index);
        } catch (IOException e) {
            pause(); // it was refused or ended
        } catch (Exception e) {
            throw new AssertionError("an attack is wrong", e);
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The address of one of them. */
    String address(int index) {
        return "127.0.1." + (1 + index % addresses);
    }

    /** Connects one, without a handshake, to any port of the server. */
    Peer connect(int index, int port) throws IOException {
        Peer peer = Peer.connect(address(index), port, SMALL_BUFFER);
        opened.add(peer);
        return peer;
    }

    /** Connects one that has joined a channel, and that reads nothing from then on. */
    Peer member(int index, String name, String channel) throws IOException {
        Peer peer = guest(index, name);
        peer.send("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"" + channel + "\"}");
        peer.read();
        return peer;
    }

    /** Connects one that has a name, and that reads nothing from then on. */
    Peer guest(int index, String name) throws IOException {
        Peer peer = connect(index, server.port()).handshake();
        peer.send("{\"id\":1,\"type\":\"connect\",\"client\":\"" + name + "\"}");
        peer.read();
        return peer;
    }

    @Override
    public void close() {
        opened.forEach(Peer::close);
    }
}

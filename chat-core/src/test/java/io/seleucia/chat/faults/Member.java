package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Somebody who talks in channels and to others, whatever happens to the connection: connects again to any server, with
 * the positions that it has reached, and publishes again what was not acknowledged. It remembers everything that it was
 * shown. One thread brings about what is desired, step by step; each connection has another that reads.
 */
final class Member implements AutoCloseable {
    private static final int PACE_MILLIS = 60;
    private static final int MAX_UNACKNOWLEDGED = 40;
    private static final int LONG_ONE_IN = 20;
    private static final int DIRECT_ONE_IN = 6;
    private static final int BURST_ONE_IN = 60;
    private static final int BURST = 20;
    private static final int LEAVES_ONE_IN = 100;
    private static final int LONGEST_BACKOFF_MILLIS = 1_000;

    /** Where all servers listen, and what all members are called. */
    record Scene(List<Integer> ports, List<String> names) {}

    private final String name;
    private final List<String> channels;
    private final Scene scene;
    private final Random random; // the life's own
    private final CountDownLatch leaving = new CountDownLatch(1);
    private final Thread life;

    private final ReentrantLock lock = new ReentrantLock(); // guards all below, and is held while a request is written
    private final Tracks tracks;
    private final Outbox outbox = new Outbox();
    private final List<String> surprises = new ArrayList<>();
    private Optional<MemberSession> session = Optional.empty();
    private boolean talking;
    private boolean deaf; // on this connection
    private int failures; // to connect, one after the other
    private long connectAt = System.nanoTime();

    Member(String name, List<String> channels, Scene scene, long seed) {
        this.name = name;
        this.channels = channels;
        this.scene = scene;
        this.random = new Random(seed);
        this.tracks = new Tracks(name);
        this.life = Thread.ofVirtual().name("member-" + name).start(this::live);
    }

    private void live() {
        try {
            while (!leaving.await(1 + random.nextInt(2 * PACE_MILLIS), TimeUnit.MILLISECONDS)) {
                if (isDueToConnect()) {
                    connect();
                }
                step();
            }
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts a member", e);
        }
    }

    private boolean isDueToConnect() {
        lock.lock();
        try {
            return session.isEmpty() && System.nanoTime() - connectAt >= 0;
        } finally {
            lock.unlock();
        }
    }

    private void connect() {
        Optional<MemberSession> opened = Optional.empty();
        try {
            ChatSocket socket = ChatSocket.open(scene.ports.get(random.nextInt(scene.ports.size())));
            opened = Optional.of(new MemberSession(socket, name, channels, tracks, outbox, surprises));
        } catch (IOException e) {
            // That server is not there at the moment.
        }
        lock.lock();
        try {
            session = opened;
            deaf = false;
            failures = session.isPresent() ? 0 : failures + 1;
            connectAt = System.nanoTime() + backoff();
        } finally {
            lock.unlock();
        }
        opened.ifPresent(current -> Thread.ofVirtual().name("reader-" + name).start(() -> read(current)));
    }

    private long backoff() {
        int bound = Math.min(100 << Math.min(failures, 10), LONGEST_BACKOFF_MILLIS);
        return TimeUnit.MILLISECONDS.toNanos(random.nextInt(bound));
    }

    private void read(MemberSession from) {
        try {
            while (true) {
                JsonObject frame = from.socket().read();
                lock.lock();
                try {
                    if (!isCurrent(from)) {
                        return; // it was turned away from: what comes here is not looked at
                    }
                    if (!deaf) {
                        from.received(frame);
                    }
                } finally {
                    lock.unlock();
                }
            }
        } catch (IOException e) {
            from.socket().close();
            abandon(from, Duration.ZERO);
        }
    }

    private boolean isCurrent(MemberSession one) {
        return session.isPresent() && session.get() == one;
    }

    /** What was asked for there is asked for again on the next connection. */
    private void abandon(MemberSession ended, Duration away) {
        lock.lock();
        try {
            if (isCurrent(ended)) {
                session = Optional.empty();
                outbox.disconnected();
                connectAt = Math.max(connectAt, System.nanoTime() + away.toNanos());
            }
        } finally {
            lock.unlock();
        }
    }

    private Optional<MemberSession> session() {
        lock.lock();
        try {
            return session;
        } finally {
            lock.unlock();
        }
    }

    /** Resets the connection, and makes none for a while. */
    void cut(Duration away) {
        session().ifPresent(cut -> {
            abandon(cut, away);
            cut.socket().reset();
        });
    }

    /** Goes on talking, and hears nothing of the answers, until the connection is cut. */
    void deafen() {
        lock.lock();
        try {
            deaf = true;
        } finally {
            lock.unlock();
        }
    }

    /** Reads no more from this connection, without closing it, and makes another. Returns the one that is left behind. */
    Optional<ChatSocket> stall() {
        Optional<MemberSession> stalled = session();
        stalled.ifPresent(left -> abandon(left, Duration.ZERO));
        return stalled.map(MemberSession::socket);
    }

    private void step() {
        lock.lock();
        try {
            if (talking) {
                saySomething();
            }
            if (session.isPresent()) {
                session.get().step();
            }
        } catch (IOException e) {
            session.get().socket().close(); // its reader sees that
        } finally {
            lock.unlock();
        }
    }

    private void saySomething() throws IOException {
        int messages = random.nextInt(BURST_ONE_IN) == 0 ? BURST : 1;
        for (int i = 0; i < messages && outbox.unacknowledged() < MAX_UNACKNOWLEDGED; i++) {
            outbox.add(somethingNew());
        }
        if (session.isPresent() && random.nextInt(LEAVES_ONE_IN) == 0) {
            session.get().unsubscribe(oneOf(channels));
        }
    }

    private Publication somethingNew() {
        String channel = random.nextInt(DIRECT_ONE_IN) == 0 ? "@" + oneOf(scene.names) : oneOf(channels);
        int padding = random.nextInt(LONG_ONE_IN) == 0 ? 4_000 : 20;
        return new Publication(channel, name + "-" + outbox.published(), padding);
    }

    private String oneOf(List<String> all) {
        return all.get(random.nextInt(all.size()));
    }

    /** Whether it publishes anything new from now on. In its channels it is in any case. */
    void talk(boolean talking) {
        lock.lock();
        try {
            this.talking = talking;
        } finally {
            lock.unlock();
        }
    }

    /** Whether everything is acknowledged, and every channel is read up to the end that it has. */
    boolean isAt(Map<String, Position> ends) {
        lock.lock();
        try {
            return session.isPresent()
                    && session.get().isComplete()
                    && outbox.unacknowledged() == 0
                    && tracks.areAt(ends);
        } finally {
            lock.unlock();
        }
    }

    /** Completes when everything that the server has sent before now is read. */
    CompletableFuture<Void> pong() throws IOException {
        lock.lock();
        try {
            return session.orElseThrow().pong();
        } finally {
            lock.unlock();
        }
    }

    /** What it was shown. To be asked after {@link #close}, as all below. */
    Collection<Track> tracks() {
        return tracks.all();
    }

    Outbox outbox() {
        return outbox;
    }

    /** Errors that no fault explains. */
    List<String> surprises() {
        return surprises;
    }

    /** How it stands, for whoever waits in vain. */
    @Override
    public String toString() {
        lock.lock();
        try {
            String connected = session.isPresent() ? " connected, " : " not connected, ";
            return name + connected + outbox.unacknowledged() + " unacknowledged, at " + tracks;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        leaving.countDown();
        try {
            life.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        session().ifPresent(last -> {
            abandon(last, Duration.ZERO);
            last.socket().close();
        });
    }
}

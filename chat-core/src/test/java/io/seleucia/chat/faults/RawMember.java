package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ResumeSecret;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A member that speaks the protocol itself, frame by frame: connects again to any server, with the positions that it has
 * reached, and publishes again what was not acknowledged, many requests at a time. One thread brings about what is desired, step by step; each connection has another that reads.
 */
final class RawMember implements Member {
    private static final int PACE_MILLIS = 60;
    private static final int MAX_UNACKNOWLEDGED = 40;
    private static final int LONGEST_BACKOFF_MILLIS = 1_000;

    private final String name;
    private final String resume = ResumeSecret.random().value();
    private final List<String> channels;
    private final Scene scene;
    private final Random random; // the life's own, as is what it says
    private final Talk talk;
    private final CountDownLatch leaving = new CountDownLatch(1);
    private final Thread life;

    private final ReentrantLock lock = new ReentrantLock(); // guards all below, and is held while a request is written
    private final Tracks tracks;
    private final Outbox outbox;
    private final Marks marks;
    private final List<String> surprises = new ArrayList<>();
    private Optional<RawMemberSession> session = Optional.empty();
    private boolean talking;
    private boolean deaf; // on this connection
    private int failures; // to connect, one after the other
    private long connectAt = System.nanoTime();

    RawMember(String name, List<String> channels, Scene scene, long seed) {
        this.name = name;
        this.channels = channels;
        this.scene = scene;
        this.random = new Random(seed);
        this.talk = new Talk(name, channels, scene, random);
        this.tracks = new Tracks(name, talk.targets());
        this.outbox = new Outbox(name);
        this.marks = new Marks(name);
        this.life = Thread.ofVirtual().name("member-" + name).start(this::live);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<String> channels() {
        return channels;
    }

    @Override
    public OptionalLong thereSince() {
        lock.lock();
        try {
            return session.isPresent() ? session.get().thereSince() : OptionalLong.empty();
        } finally {
            lock.unlock();
        }
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
        Optional<RawMemberSession> opened = Optional.empty();
        try {
            int port = scene.ports().get(random.nextInt(scene.ports().size()));
            ChatSocket socket = ChatSocket.open(port, scene.silence());
            opened = Optional.of(
                    new RawMemberSession(socket, name, resume, channels, tracks, outbox, marks, scene, surprises));
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

    private void read(RawMemberSession from) {
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
        } catch (ProtocolException | RuntimeException e) {
            surprise(e);
            end(from);
        } catch (IOException e) {
            end(from);
        }
    }

    private void surprise(Exception e) {
        lock.lock();
        try {
            surprises.add(name + " can't make anything of what came: " + e);
        } finally {
            lock.unlock();
        }
    }

    private void end(RawMemberSession ended) {
        ended.socket().close();
        abandon(ended, Duration.ZERO);
    }

    private boolean isCurrent(RawMemberSession one) {
        return session.isPresent() && session.get() == one;
    }

    /** What was asked for there is asked for again on the next connection. */
    private void abandon(RawMemberSession ended, Duration away) {
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

    private Optional<RawMemberSession> session() {
        lock.lock();
        try {
            return session;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void cut(Duration away) {
        session().ifPresent(cut -> {
            abandon(cut, away);
            cut.socket().reset();
        });
    }

    @Override
    public void deafen() {
        lock.lock();
        try {
            deaf = true;
        } finally {
            lock.unlock();
        }
    }

    /** Leaves this connection as it is, without reading or closing it, and makes another. */
    @Override
    public Runnable stall() {
        Optional<RawMemberSession> stalled = session();
        stalled.ifPresent(left -> abandon(left, Duration.ZERO));
        return () -> stalled.ifPresent(left -> left.socket().reset());
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
        int messages = talk.messages();
        for (int i = 0; i < messages && outbox.unacknowledged() < MAX_UNACKNOWLEDGED; i++) {
            outbox.add(talk.next());
        }
        if (session.isPresent() && talk.reads()) {
            String channel = talk.channel();
            if (tracks.has(channel)) {
                session.get().read(channel, talk.readTo(tracks.last(channel).offset()));
            }
        }
        if (session.isPresent() && talk.leaves()) {
            session.get().unsubscribe(talk.channel());
        }
    }

    @Override
    public void talk(boolean talking) {
        lock.lock();
        try {
            this.talking = talking;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isAt(Map<String, Position> ends) {
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

    @Override
    public CompletableFuture<?> pong() throws IOException {
        lock.lock();
        try {
            return session.orElseThrow().pong();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Collection<Track> tracks() {
        return tracks.all();
    }

    @Override
    public Outbox outbox() {
        return outbox;
    }

    @Override
    public Marks marks() {
        return marks;
    }

    /** Of many on their way at once, one in the middle can be refused while those behind it are not. */
    @Override
    public boolean keepsOrder() {
        return false;
    }

    @Override
    public List<String> surprises() {
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

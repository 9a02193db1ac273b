package io.seleucia.chat.faults;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A client that is in channels and says nothing. It stays with its server for as long as that lives, unless it goes over
 * to another: then it is at both for a moment. When its server has died, it comes back at any server, or never. Each
 * connection has a thread that reads.
 */
final class Bystander implements Attendee, AutoCloseable {
    private static final int PAUSE_MILLIS = 100;

    private final String name;
    private final List<String> channels;
    private final List<Integer> ports;
    private final boolean returns;
    private final CountDownLatch leaving = new CountDownLatch(1);

    private final ReentrantLock lock = new ReentrantLock(); // guards all below
    private Optional<Speaker> current = Optional.empty();
    private long joinedAt;

    /**
     * @param ports where it may come back
     * @param returns whether it comes back when its server has died
     */
    Bystander(String name, List<String> channels, List<Integer> ports, boolean returns) {
        this.name = name;
        this.channels = channels;
        this.ports = ports;
        this.returns = returns;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<String> channels() {
        return channels;
    }

    /** While it goes over, it is there without a break. */
    @Override
    public OptionalLong thereSince() {
        lock.lock();
        try {
            return current.isPresent() ? OptionalLong.of(joinedAt) : OptionalLong.empty();
        } finally {
            lock.unlock();
        }
    }

    /** Connects to a server and joins all channels there; returns what ends the connection that it had before. */
    Runnable goOver(int port) throws IOException {
        Speaker next = connect(port);
        lock.lock();
        try {
            Optional<Speaker> former = current;
            current = Optional.of(next);
            if (former.isEmpty()) {
                joinedAt = System.nanoTime();
            }
            Thread.ofVirtual().name("reader-" + name).start(() -> read(next));
            return () -> former.ifPresent(Speaker::close);
        } finally {
            lock.unlock();
        }
    }

    private Speaker connect(int port) throws IOException {
        Speaker speaker = Speaker.connect(port, name);
        for (String channel : channels) {
            String type = speaker.ask(Speaker.request("subscribe", channel))
                    .get("type")
                    .getAsString();
            if (!type.equals("subscribed")) {
                speaker.close();
                throw new IOException(type);
            }
        }
        return speaker;
    }

    private void read(Speaker speaker) {
        while (isThere(speaker)) {
            try {
                speaker.push();
            } catch (SocketTimeoutException e) {
                // Nothing was said for a while.
            } catch (IOException e) {
                ended(speaker);
                return;
            }
        }
    }

    private boolean isThere(Speaker speaker) {
        lock.lock();
        try {
            return current.equals(Optional.of(speaker));
        } finally {
            lock.unlock();
        }
    }

    private void ended(Speaker speaker) {
        lock.lock();
        try {
            if (current.equals(Optional.of(speaker))) {
                current = Optional.empty();
                if (returns) {
                    Thread.ofVirtual().name("bystander-" + name).start(this::comeBack);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void comeBack() {
        Random random = new Random();
        try {
            while (!leaving.await(random.nextInt(PAUSE_MILLIS), TimeUnit.MILLISECONDS)
                    && thereSince().isEmpty()) {
                try {
                    goOver(ports.get(random.nextInt(ports.size()))).run();
                } catch (IOException e) {
                    // That server is not there at the moment.
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError("a bystander is not interrupted", e);
        }
    }

    @Override
    public void close() {
        leaving.countDown();
        lock.lock();
        try {
            current.ifPresent(Speaker::close);
            current = Optional.empty();
        } finally {
            lock.unlock();
        }
    }
}

package io.seleucia.chat.faults;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A bad network between two ends on this machine. Each connection has two threads in each direction, one that reads and
 * one that writes what is due; what is on the way is bounded, and all of it arrives, in order, unless it is cut off.
 */
public final class FaultyProxy implements AutoCloseable {
    private static final int CHUNK = 16 * 1024;
    private static final int CHUNKS_ON_THE_WAY = 64;
    private static final int CONNECT_MILLIS = 5_000;

    /** Bytes and when they came; none are the end. */
    private record Chunk(byte[] bytes, long at) {}

    /** A connection, and how many bytes may go to the target before nothing goes any more, either way. */
    private static final class Way {
        private long left; // guarded by the proxy's lock

        private Way(long left) {
            this.left = left;
        }
    }

    private final ServerSocket listening;
    private final int target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    private final ReentrantLock lock = new ReentrantLock(); // guards all below
    private final Condition changed = lock.newCondition();
    private long delayNanos;
    private boolean blackHole;
    private boolean oneWay; // and nothing is held back that goes to the target
    private final Set<Way> ways = new HashSet<>();
    private long allowance = Long.MAX_VALUE; // of new connections

    /** Passes connections on to a port of this machine. */
    public FaultyProxy(int target) throws IOException {
        this(target, Optional.empty());
    }

    private FaultyProxy(int target, Optional<Integer> window) throws IOException {
        this.target = target;
        listening = new ServerSocket();
        if (window.isPresent()) {
            listening.setReceiveBufferSize(window.get());
        }
        listening.bind(new InetSocketAddress("127.0.0.1", 0), 128);
        Thread.ofVirtual().name("proxy-accept").start(this::accept);
    }

    /** One on whose way there is little room, so that whoever sends much to it soon has to wait. */
    public static FaultyProxy narrow(int target) throws IOException {
        return new FaultyProxy(target, Optional.of(CHUNK));
    }

    public int port() {
        return listening.getLocalPort();
    }

    /** Everything gets through at once, what was held back first. */
    public void pass() {
        set(0, false, false);
    }

    /** Whatever comes arrives later by so much, in both directions. */
    void delay(Duration by) {
        set(by.toNanos(), false, false);
    }

    /** Connections stay open and can be made, and nothing gets through until {@link #pass}. */
    public void blackHole() {
        set(0, true, false);
    }

    /** The target is heard no more, and hears everything, until {@link #pass}. */
    void deafen() {
        set(0, true, true);
    }

    /** Connections that are there stay open for ever, and nothing gets through them any more; new ones are not affected. */
    public void forget() {
        lock.lock();
        try {
            ways.forEach(way -> way.left = 0);
        } finally {
            lock.unlock();
        }
    }

    /** New connections are forgotten after so many bytes to the target, until {@link #unchoke}. */
    public void choke(int bytes) {
        allow(bytes);
    }

    /** New connections are as they ought to be; those that were choked are not. */
    public void unchoke() {
        allow(Long.MAX_VALUE);
    }

    private void allow(long bytes) {
        lock.lock();
        try {
            allowance = bytes;
        } finally {
            lock.unlock();
        }
    }

    /** How many connections have been forgotten. */
    public long forgotten() {
        lock.lock();
        try {
            return ways.stream().filter(way -> way.left <= 0).count();
        } finally {
            lock.unlock();
        }
    }

    private Way way() {
        lock.lock();
        try {
            Way way = new Way(allowance);
            ways.add(way);
            return way;
        } finally {
            lock.unlock();
        }
    }

    private void set(long delay, boolean hole, boolean way) {
        lock.lock();
        try {
            delayNanos = delay;
            blackHole = hole;
            oneWay = way;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Resets all connections, with what is on its way. */
    public void cut() {
        sockets.forEach(this::reset);
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket near = listening.accept();
                Thread.ofVirtual().name("proxy-connect").start(() -> connect(near));
            } catch (IOException e) {
                // Closed; or this connection did not come about.
            }
        }
    }

    private void connect(Socket near) {
        sockets.add(near);
        Socket far = new Socket();
        sockets.add(far);
        try {
            far.connect(new InetSocketAddress("127.0.0.1", target), CONNECT_MILLIS);
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
        } catch (IOException e) {
            reset(far);
            reset(near);
            return;
        }
        Way way = way();
        carry(near, far, way, true);
        carry(far, near, way, false);
        if (listening.isClosed()) {
            cut();
        }
    }

    private void carry(Socket from, Socket to, Way way, boolean forth) {
        BlockingQueue<Chunk> onTheWay = new ArrayBlockingQueue<>(CHUNKS_ON_THE_WAY);
        Thread writing = Thread.ofVirtual().name("proxy-write").start(() -> write(onTheWay, from, to, way, forth));
        Thread.ofVirtual().name("proxy-read").start(() -> read(from, onTheWay, way, writing));
    }

    private void read(Socket from, BlockingQueue<Chunk> onTheWay, Way way, Thread writing) {
        byte[] buffer = new byte[CHUNK];
        try {
            while (true) {
                awaitNotForgotten(way);
                int n = from.getInputStream().read(buffer);
                byte[] bytes = new byte[Math.max(n, 0)];
                System.arraycopy(buffer, 0, bytes, 0, bytes.length);
                onTheWay.put(new Chunk(bytes, System.nanoTime()));
                if (n < 0) {
                    return;
                }
            }
        } catch (IOException | InterruptedException e) {
            writing.interrupt(); // a broken connection: what was on its way is lost
        }
    }

    private void write(BlockingQueue<Chunk> onTheWay, Socket from, Socket to, Way way, boolean forth) {
        try {
            for (Chunk chunk = onTheWay.take(); chunk.bytes.length > 0; chunk = onTheWay.take()) {
                awaitDue(chunk, way, forth);
                to.getOutputStream().write(chunk.bytes);
            }
            to.shutdownOutput();
            if (from.isOutputShutdown()) {
                close(from);
                close(to);
            }
        } catch (IOException | InterruptedException e) {
            reset(from);
            reset(to);
            onTheWay.clear(); // a reader that waits for room sees that its socket is closed
        }
    }

    private void awaitNotForgotten(Way way) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (way.left <= 0) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void awaitDue(Chunk chunk, Way way, boolean forth) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                long left = chunk.at + delayNanos - System.nanoTime();
                if (way.left <= 0 || blackHole && !(oneWay && forth)) {
                    changed.await();
                } else if (left > 0) {
                    changed.await(left, TimeUnit.NANOSECONDS);
                } else {
                    way.left -= forth ? chunk.bytes.length : 0;
                    return;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException e) {
            // It is closed already.
        }
        close(socket);
    }

    private void close(Socket socket) {
        sockets.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            // Nothing more can be done for it.
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        cut();
    }
}

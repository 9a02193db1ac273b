package io.seleucia.chat.server;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A network between a page and its server that breaks when a test wants it to. Each connection has two virtual threads,
 * one for each direction.
 */
final class CuttingProxy implements AutoCloseable {
    private final ServerSocket listening;
    private volatile int target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean refusing;

    private final ReentrantLock lock = new ReentrantLock(); // guards holding
    private final Condition passing = lock.newCondition();
    private boolean holding;

    /** Passes connections on to a port of this machine. */
    CuttingProxy(int target) throws IOException {
        this.target = target;
        listening = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        Thread.ofVirtual().name("proxy-accept").start(this::accept);
    }

    String url() {
        return "http://127.0.0.1:" + listening.getLocalPort() + "/";
    }

    /** Passes new connections on to another port of this machine. */
    void redirect(int port) {
        target = port;
    }

    /** Resets all connections, with what is on its way. */
    void cut() {
        sockets.forEach(CuttingProxy::reset);
    }

    /** Whether new connections are reset at once. */
    void refuse(boolean refuse) {
        refusing = refuse;
    }

    /** Whether nothing gets through although nothing is closed. */
    void hold(boolean hold) {
        lock.lock();
        try {
            holding = hold;
            passing.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket near = listening.accept();
                if (refusing) {
                    reset(near);
                } else {
                    connect(near);
                }
            }
        } catch (IOException e) {
            // Closed: the test is over.
        }
    }

    private void connect(Socket near) {
        try {
            Socket far = new Socket(InetAddress.getByName("127.0.0.1"), target);
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            sockets.add(near);
            sockets.add(far);
            Thread.ofVirtual().start(() -> carry(near, far));
            Thread.ofVirtual().start(() -> carry(far, near));
        } catch (IOException e) {
            reset(near); // the server is away
        }
    }

    private void carry(Socket from, Socket to) {
        byte[] buffer = new byte[16 * 1024];
        try {
            InputStream in = from.getInputStream();
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                awaitPassing();
                to.getOutputStream().write(buffer, 0, n);
            }
            to.shutdownOutput();
        } catch (IOException | InterruptedException e) {
            reset(from);
            reset(to);
        } finally {
            sockets.remove(from);
        }
    }

    private void awaitPassing() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (holding) {
                passing.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // It is closed already.
        }
    }

    @Override
    public void close() throws IOException {
        hold(false);
        listening.close();
        cut();
    }
}

package io.seleucia.chat.transport;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;

/**
 * A non-blocking channel whose threads block by parking, until the {@link Poller} wakes them.
 *
 * <p>The channel stays registered for reading, so that a message costs no system call for that. The reading thread waits
 * only when it has read what there was. If bytes come while it is busy, the selector, which is level-triggered, would tell
 * of them again and again. So the second time, the interest is taken off, and the thread puts it back before it waits.
 *
 * <pre>
 *             ready            ready, interest off
 *   BUSY ────────────► TOLD ────────────────────► OFF
 *    │ ▲ ◄───────────── │ await                    │
 *    │ └──────────────┐                            │
 *    │ await          │ ready, unpark              │ await, interest on
 *    └──────────► WAITING ◄────────────────────────┘
 * </pre>
 *
 * <p>No wake-up is lost. The poller is the only thread that takes interest off, and does so before it says {@code OFF}; the
 * reading thread is the only one that puts it back, after it has seen {@code OFF}. Bytes that come after {@code
 * WAITING} is set are told of, because the interest is on then.
 *
 * <p>Writing waits in the same way, but its interest is on only while a thread waits.
 */
final class PolledLink implements Link, Poller.Polled {
    private static final int LARGEST_STEP = 64 * 1024; // of bytes, which the JDK copies through a buffer of that size

    private static final int BUSY = 0;
    private static final int TOLD = 1; // bytes have come since the reading thread last waited
    private static final int OFF = 2; // bytes have come, and the selector no longer looks
    private static final int WAITING = 3;
    private static final VarHandle READING;

    static {
        try {
            READING = MethodHandles.lookup().findVarHandle(PolledLink.class, "reading", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SocketChannel channel;
    private final Poller poller;
    private final SocketAddress remote; // a closed channel no longer tells it
    private final SelectionKey key;
    private volatile int reading; // one of the states
    private volatile Thread reader; // the last thread that waited to read, and to write
    private volatile Thread writer;
    private volatile boolean full; // the writer waits until the kernel takes more

    /** Takes over a connected channel. */
    @SuppressWarnings("this-escape") // the poller may see it at once, and sets the state only
    PolledLink(SocketChannel channel, Poller poller) throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
        channel.configureBlocking(false);
        this.channel = channel;
        this.remote = channel.getRemoteAddress();
        this.poller = poller;
        this.key = poller.register(channel, this);
    }

    @Override
    public void ready(SelectionKey registered) { // the field may not be set yet
        if (registered.isReadable()) {
            readable(registered);
        }
        if (registered.isWritable()) {
            registered.interestOpsAnd(~SelectionKey.OP_WRITE);
            full = false;
            LockSupport.unpark(writer);
        }
    }

    private void readable(SelectionKey registered) {
        switch (reading) {
            case WAITING -> {
                reading = BUSY; // the reading thread changes nothing while it waits
                LockSupport.unpark(reader);
            }
            case BUSY -> READING.compareAndSet(this, BUSY, TOLD); // or it begins to wait, and is told in the next round
            case TOLD -> {
                registered.interestOpsAnd(~SelectionKey.OP_READ);
                if (!READING.compareAndSet(this, TOLD, OFF)) {
                    registered.interestOpsOr(SelectionKey.OP_READ); // it has read meanwhile
                }
            }
            default -> {} // off: an event of before
        }
    }

    @Override
    public void await() throws IOException {
        if (reader != Thread.currentThread()) {
            reader = Thread.currentThread();
        }
        if (!READING.compareAndSet(this, BUSY, WAITING)) {
            awaitOn();
        }
        while (reading == WAITING && channel.isOpen()) {
            LockSupport.park(this);
            Thread.interrupted(); // it concerns a message, not the wait for one, and would keep the thread from parking
        }
        if (!channel.isOpen()) {
            throw new ClosedChannelException();
        }
    }

    /** Waits as {@link #await} does, if the poller has been faster. */
    private void awaitOn() throws IOException {
        if (READING.compareAndSet(this, TOLD, BUSY)) {
            return; // there may be nothing, if what came has been read since
        }
        reading = WAITING; // from off, which the poller does not change
        interest(SelectionKey.OP_READ);
    }

    private void interest(int operation) throws IOException {
        try {
            key.interestOpsOr(operation);
        } catch (CancelledKeyException e) {
            throw new ClosedChannelException();
        }
        poller.wake();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        return channel.read(ByteBuffer.wrap(target, offset, Math.min(length, LARGEST_STEP)));
    }

    @Override
    public int write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer step = ByteBuffer.wrap(bytes, offset, Math.min(length, LARGEST_STEP));
        int n = channel.write(step);
        while (n == 0) {
            awaitWritable();
            n = channel.write(step);
        }
        return n;
    }

    private void awaitWritable() throws IOException {
        writer = Thread.currentThread();
        full = true;
        interest(SelectionKey.OP_WRITE);
        while (full && channel.isOpen()) {
            LockSupport.park(this);
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted while the peer does not read");
            }
        }
    }

    @Override
    public boolean writesUnblocked() {
        return true;
    }

    @Override
    public void tryWrite(ByteBuffer bytes) throws IOException {
        channel.write(bytes);
    }

    @Override
    public void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    /** Closes the channel. The kernel is told when the poller has let go of it, which is woken for that. */
    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            try {
                channel.close();
            } finally {
                poller.wake();
                LockSupport.unpark(reader);
                LockSupport.unpark(writer);
            }
        }
    }

    @Override
    public String peer() {
        return remote instanceof InetSocketAddress address
                ? address.getAddress().getHostAddress() + ":" + address.getPort()
                : "unknown";
    }
}

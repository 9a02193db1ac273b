package io.seleucia.chat.session;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.transport.Connection;
import io.seleucia.chat.transport.ConnectionClosedException;
import io.seleucia.chat.transport.Frame;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * The two loops of a connection: an inbound loop that reads one message after the other and hands it on, and an outbound
 * loop that writes what waits in the queue. Each has a virtual thread, and nothing else touches the connection, but for
 * {@link Connection#abort}, by which the watchdog or the outbound loop ends a read or write that will never end by
 * itself.
 *
 * <p>They end once, for the reason that comes first, through {@link #end}: the queue closes, the outbound loop writes
 * the last frame, the inbound loop sees the peer's answer, or its silence, and gives everything back.
 */
public final class Loops implements Watchdog.Watched {
    private static final Logger LOG = System.getLogger(Loops.class.getName());

    /** How long a peer may take to close after it has been sent the last frame; less where pings expect less. */
    private static final Duration LONGEST_LINGER = Duration.ofSeconds(5);

    /** What is done with what comes. All methods are called by the inbound loop, and may block it. */
    public interface Receiver {
        /** Called first. */
        default void began() {}

        /** A message, whole. */
        void received(Payload message);

        /** Nothing more comes; what was taken for this peer is given back. */
        void ended();

        /** What is said before the last frame, if anything. Called by any thread; must not block. */
        default Optional<Frame> farewell(CloseCode code) {
            return Optional.empty();
        }
    }

    private final Connection connection;
    private final Bounds bounds;
    private final OutboundQueue outbound;
    private final Supplier<Frame> waiting;
    private volatile Receiver receiver; // null until they run
    private final AtomicReference<CloseCode> ended = new AtomicReference<>();
    private volatile long closedAt; // when the last frame was written, as System.nanoTime, or 0
    private Thread outboundThread; // the inbound loop's own
    private long pingedAt; // the watchdog's own; not after heardAt unless an answer is awaited

    /** Loops on a connection whose handshake is done. */
    public Loops(Connection connection, Bounds bounds) {
        this.connection = connection;
        this.bounds = bounds;
        this.outbound = new OutboundQueue(bounds.queueBytes());
        this.waiting = outbound::poll;
        this.pingedAt = connection.heardAt();
    }

    /** Runs both, the inbound loop in the calling thread, until the connection has ended and nothing of it is left. */
    public void run(Receiver to) {
        receiver = to;
        outboundThread =
                Thread.ofVirtual().name(connection.name() + "-outbound").unstarted(this::outboundLoop);
        Thread.currentThread().setName(connection.name() + "-inbound");
        outboundThread.start();
        try {
            inboundLoop();
            receiver.ended();
            outboundThread.join(); // it ends: the queue is closed, and the watchdog aborts a write that stalls
            connection.finish();
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, () -> this + " was interrupted");
        } finally {
            connection.abort();
            connection.release();
        }
        LOG.log(Level.DEBUG, () -> this + " ended: " + ended.get());
    }

    private void inboundLoop() {
        try {
            receiver.began();
            while (true) {
                Payload message = connection.read(this::put); // who pings and does not read is read no more
                if (ended.get() == null) {
                    receiver.received(message);
                } // else nothing is processed after a close; the peer's own is what we wait for
            }
        } catch (ConnectionClosedException e) {
            LOG.log(Level.DEBUG, () -> this + ": " + e.getMessage());
            end(e.code(), false);
        } catch (EOFException e) {
            LOG.log(Level.DEBUG, () -> this + " sends no more: " + e.getMessage());
            end(CloseCode.NORMAL, false); // it may still read what it is due
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> this + " is gone: " + e.getMessage());
            abort();
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, this + " failed", e);
            end(CloseCode.INTERNAL_ERROR, true);
        }
    }

    private void outboundLoop() {
        try {
            while (!outbound.finished()) {
                connection.write(outbound.take(), waiting); // one flush for all that was waiting
            }
            closedAt = System.nanoTime() | 1;
        } catch (IOException | InterruptedException e) {
            LOG.log(Level.DEBUG, () -> this + " can't be written to: " + e.getMessage());
            abort(); // releases the inbound loop
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, this + " failed", e);
            abort();
        }
    }

    /** What they run on. */
    public Connection connection() {
        return connection;
    }

    /** Names both threads after the user, for whoever reads a thread dump. Called by the inbound loop. */
    void name(String client) {
        Thread.currentThread().setName(connection.name() + "-inbound user=" + client);
        outboundThread.setName(connection.name() + "-outbound user=" + client);
    }

    /** Queues a frame; a peer for which there is no room is a slow consumer, and ends. Any thread; does not block. */
    public void offer(Frame frame) {
        if (!outbound.offer(frame)) {
            end(CloseCode.SLOW_CONSUMER, true); // without effect if the queue refused because all has ended
        }
    }

    /**
     * Queues a frame, waiting for room; nothing is queued after the end. For the inbound loop, or another thread that
     * may wait for this peer.
     */
    public void put(Frame frame) {
        try {
            outbound.put(frame);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            abort();
        }
    }

    /** Whether so much waits already that what can be done without should not be added. */
    boolean isBusy() {
        return outbound.isHalfFull();
    }

    /**
     * Ends the connection; only the first call has an effect. Called by any thread; does not block.
     *
     * @param discard whether the close goes ahead of what waits in the queue
     */
    public void end(CloseCode code, boolean discard) {
        if (ended.compareAndSet(null, code)) {
            if (code.code() >= CloseCode.FIRST_OF_OUR_OWN) {
                Incidents.log(code, this);
            }
            outbound.close(lastFrame(code), discard);
        }
    }

    private Frame lastFrame(CloseCode code) {
        Frame close = connection.closeFrame(code);
        Receiver to = receiver;
        Optional<Frame> farewell = to == null || code == CloseCode.NORMAL ? Optional.empty() : to.farewell(code);
        return farewell.map(frame -> frame.followedBy(close)).orElse(close);
    }

    /** Ends the connection without a word, when it is broken, or an orderly end has taken too long. */
    public void abort() {
        end(CloseCode.NORMAL, true);
        connection.abort();
    }

    @Override
    public void check(long now) {
        if (past(now, connection.writingSince(), bounds.write())) {
            end(CloseCode.TIMED_OUT, true);
            connection.abort();
        } else if (ended.get() != null) {
            Duration linger = bounds.pong().compareTo(LONGEST_LINGER) < 0 ? bounds.pong() : LONGEST_LINGER;
            if (past(now, closedAt, linger)) {
                connection.abort();
            }
        } else if (past(now, connection.readingSince(), bounds.frame())) {
            end(CloseCode.TIMED_OUT, true);
        } else {
            long heardAt = connection.heardAt();
            if (pingedAt - heardAt > 0) {
                if (past(now, pingedAt, bounds.pong())) {
                    end(CloseCode.TIMED_OUT, true);
                }
            } else if (past(now, heardAt, bounds.ping())) {
                pingedAt = now;
                outbound.offer(connection.ping()); // with no room for it, it is the write that stalls
            }
        }
    }

    private static boolean past(long now, long since, Duration limit) {
        return since != 0 && now - since > limit.toNanos();
    }

    @Override
    public String toString() {
        return connection.name() + " " + connection.peer();
    }
}

package io.seleucia.chat.connection;

import io.seleucia.chat.concurrent.Gate;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Printable;
import io.seleucia.chat.metrics.Counters;
import io.seleucia.chat.transport.Connection;
import io.seleucia.chat.transport.ConnectionClosedException;
import io.seleucia.chat.transport.Frame;
import io.seleucia.chat.transport.WriteBatch;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/**
 * The two loops of a connection: an inbound loop that reads one message after the other and passes it to a handler, and an
 * outbound loop that writes the frames of the queue. Each has a virtual thread. No other thread reads from the connection, or
 * calls a method of it that may block; {@link Connection#abort} ends a read or write that will never end by itself.
 *
 * <p>Writing goes by turns, see {@link WriteTurn}. The outbound loop may wait for its peer. Two others write only if no thread
 * does, in its place, which spares waking it: the {@link Flusher}, what can be written without blocking; and the inbound
 * loop, a short answer to its own peer. All take the frames from the same queue in its order. What the kernel does not take
 * is the outbound loop's to finish.
 *
 * <p>No frame is forgotten. The thread that offers a frame to an idle queue wakes a writer. That one, with the turn, writes
 * until the queue is idle again, or wakes the outbound loop, which does so in any case.
 *
 * <p>A connection ends once, for the reason that comes first, through {@link #end}: the queue closes, the outbound loop
 * writes the last frame, the inbound loop sees the peer's answer, or its silence, and releases everything.
 */
public final class ServedConnection extends Flusher.Flushable implements Watchdog.Watched {
    private static final Logger LOG = System.getLogger(ServedConnection.class.getName());

    /** The time for a peer to close after the last frame, unless the pong timeout is shorter. */
    private static final Duration LONGEST_LINGER = Duration.ofSeconds(5);

    /** The time for a stalled write, or for the peer's answer, after {@link #cutOff}. */
    private static final Duration CUT_OFF = Duration.ofSeconds(1);

    /** The longest frame that the inbound loop writes itself. */
    private static final int SHORT = 8 * 1024;

    private static final AtomicReferenceFieldUpdater<ServedConnection, CloseCode> ENDED =
            AtomicReferenceFieldUpdater.newUpdater(ServedConnection.class, CloseCode.class, "ended");

    private final Connection connection;
    private final ConnectionContext context;
    private final ConnectionLimits limits;
    private final OutboundQueue outbound;
    private volatile ConnectionHandler handler; // null until serve
    private volatile CloseCode ended; // set once, by the thread that then closes the queue
    private volatile long closedAt; // when the last frame was written, as System.nanoTime, or 0
    private final WriteTurn turn = new WriteTurn();
    private final Optional<Flusher> flusher; // empty if each write may block
    private boolean handedOver; // a part of a flush is left to the outbound loop; used by the thread that has the turn
    private Throwable unflushed; // why a flush has failed, which ends the connection; the same
    private Thread inboundThread; // this one and the next are set before anything is received
    private Thread outboundThread;
    private final AtomicBoolean handling = new AtomicBoolean(); // a message or the beginning; nothing is read meanwhile
    private volatile boolean cutOff; // the frames that wait must be released within a moment
    private final PingTimer pings; // used by the watchdog only

    /** Serves a connection whose handshake is done, once {@link #serve} and {@link #run} are called. */
    public ServedConnection(Connection connection, ConnectionContext context) {
        this.connection = connection;
        this.context = context;
        this.limits = context.limits();
        this.outbound = new OutboundQueue(limits.queueBytes(), context.memory(), this::wakeWriter);
        this.flusher = connection.writesUnblocked() && !context.flushers().isEmpty()
                ? Optional.of(context.flushers()
                        .get(Math.floorMod(
                                connection.name().hashCode(), context.flushers().size())))
                : Optional.empty();
        this.pings = new PingTimer(limits, connection.lastReadNanos());
    }

    /** Sets the handler. Called before any thread can end the connection, which has the handler say farewell. */
    public ServedConnection serve(ConnectionHandler to) {
        handler = to;
        return this;
    }

    /**
     * Runs both loops, the inbound loop in the calling thread, until the connection has ended and nothing of it is left. The
     * stack is memory of an idle connection, and so is kept small.
     */
    public void run() {
        boolean begun = false;
        try {
            begin();
            begun = true;
            connection.beforeWaiting(this::catchUp);
            handle(handler::began);
            while (ended == null || connection.sendsCloseReason()) { // after the end, the peer's close is read
                connection.await();
                receive();
            }
        } catch (Throwable e) {
            if (begun) {
                Loop.attempt(LOG, toString(), this::catchUp); // its answers go before the last frame
            }
            broken(e);
        } finally {
            finish(begun); // even if a log handler has failed
        }
    }

    private void begin() {
        inboundThread = Thread.currentThread();
        outboundThread =
                Thread.ofVirtual().name(connection.name() + "-outbound").unstarted(this::outboundLoop);
        inboundThread.setName(connection.name() + "-inbound");
        context.counters().add(Counters.Count.SESSIONS);
        ConnectionEvent.connected(connection);
        outboundThread.start();
    }

    private void receive() throws IOException {
        Optional<Payload> message = connection.read(this::put); // a peer that pings but does not read is no longer read
        if (message.isPresent() && ended == null) { // after a close, only the peer's own is awaited
            context.counters().add(Counters.Count.RECEIVED);
            handle(() -> handler.received(message.get()));
        }
    }

    private void catchUp() {
        handle(handler::caughtUp);
    }

    private void handle(Runnable work) {
        handling.setRelease(true);
        work.run();
        handling.setRelease(false);
        Thread.interrupted(); // an interrupt concerns the message during which it came, not the connection
    }

    private void broken(Throwable why) {
        switch (why) {
            case ConnectionClosedException closed -> {
                if (closed.code() == CloseCode.TRY_LATER) {
                    cutOff = true; // memory is short, and the frames that wait take some
                }
                end(closed.code(), cutOff, closed.getMessage());
                LOG.log(Level.DEBUG, () -> this + ": " + closed.getMessage());
            }
            case EOFException end -> {
                end(CloseCode.NORMAL, false); // it may still read
                LOG.log(Level.DEBUG, () -> this + " sends no more: " + end.getMessage());
            }
            case IOException gone -> {
                abort();
                LOG.log(Level.DEBUG, () -> this + " is gone: " + gone.getMessage());
            }
            default -> {
                end(CloseCode.INTERNAL_ERROR, true);
                Loop.report(LOG, toString(), why);
            }
        }
    }

    /** @param begun whether the outbound loop runs, and the handler is to be told of the end */
    private void finish(boolean begun) {
        try {
            if (begun) {
                Loop.attempt(LOG, "ending a connection", handler::ended);
                Thread.interrupted();
                awaitOutboundLoop();
                connection.finish();
            }
        } catch (Throwable e) {
            Loop.report(LOG, "ending a connection", e);
        } finally {
            connection.abort();
            turn.take(); // for good
            connection.release();
            outbound.release();
        }
        LOG.log(Level.DEBUG, () -> this + " ended: " + ended);
    }

    /** Blocks until the outbound loop has ended. The queue is closed, and the watchdog aborts a write that stalls. */
    private void awaitOutboundLoop() {
        if (!outbound.isClosed()) {
            outboundThread.interrupt(); // closing it has failed
        }
        boolean joined = false;
        while (!joined) {
            try {
                outboundThread.join();
                joined = true;
            } catch (InterruptedException e) {
                LOG.log(Level.DEBUG, "the end of a connection was interrupted, and goes on");
            }
        }
    }

    private void wakeWriter() {
        if (flusher.isEmpty() || !flusher.get().add(this)) {
            outbound.wakeLoop();
        }
    }

    private void outboundLoop() {
        try {
            while (!outbound.finished()) {
                outbound.await();
                turn.take();
                try {
                    writeAll();
                } finally {
                    turn.giveBack();
                }
            }
            connection.endOutput();
            closedAt = System.nanoTime() | 1;
        } catch (Throwable e) {
            unwritable(e);
        }
    }

    private void writeAll() throws Throwable {
        if (unflushed != null) {
            throw unflushed;
        }
        connection.writeRest();
        handedOver = false;
        for (Frame next = outbound.poll(); next != null; next = outbound.poll()) {
            connection.write(next, outbound); // one write for all that were waiting
            if (outbound.rest()) {
                return;
            }
        }
        outbound.rest();
    }

    @Override
    boolean flush(WriteBatch batch) {
        boolean more = false;
        boolean left = true; // to the outbound loop
        if (turn.tryTake()) {
            try {
                if (!handedOver) {
                    Frame first = outbound.poll(Integer.MAX_VALUE);
                    handedOver = first != null && !connection.tryWrite(first, outbound, batch);
                    more = !handedOver && !outbound.rest();
                }
                left = handedOver || outbound.isClosed();
            } catch (Throwable e) {
                handedOver = true;
                unflushed = e;
            } finally {
                turn.giveBack();
            }
        }
        if (left) {
            outbound.wakeLoop();
        }
        return more && !left;
    }

    @Override
    void leave() {
        outbound.wakeLoop();
    }

    /** Ends the connection, because a frame may have been written in part. This releases the inbound loop. */
    private void unwritable(Throwable why) {
        if (why instanceof IOException || why instanceof InterruptedException) {
            abort();
            LOG.log(Level.DEBUG, () -> this + " can't be written to: " + why.getMessage());
        } else {
            end(CloseCode.INTERNAL_ERROR, true);
            connection.abort();
            Loop.report(LOG, "writing to " + this, why);
        }
    }

    /** Returns the transport's connection. */
    public Connection connection() {
        return connection;
    }

    /** Names both threads after the user, for thread dumps. Called by the inbound loop. */
    public void name(String client) {
        String shown = Printable.line(client);
        Thread.currentThread().setName(connection.name() + "-inbound user=" + shown);
        outboundThread.setName(connection.name() + "-outbound user=" + shown);
    }

    /** Queues a frame. A peer for which there is no room is a slow consumer, and is ended. Any thread; does not block. */
    public void offer(Frame frame) {
        if (!outbound.offer(frame)) {
            end(CloseCode.SLOW_CONSUMER, true); // without effect if the queue refused because all has ended
        }
    }

    /** Queues a frame, unless the end has begun. Blocks until there is room. For threads that may wait for this peer. */
    public void put(Frame frame) {
        try {
            outbound.put(frame);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            abort();
        }
    }

    /**
     * Queues a frame, unless the end has begun, or its gate is closed when there is room. Blocks until there is room. Returns
     * whether the gate was open.
     */
    public boolean put(Frame frame, Gate gate) {
        try {
            return outbound.put(frame, gate);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            abort();
            return true;
        }
    }

    /**
     * Sends an answer: at once, if the inbound loop calls this, has read everything, and nothing waits or is being written;
     * else it is {@link #put} behind the frames that wait.
     */
    public void answer(Frame frame) {
        if (Thread.currentThread() != inboundThread
                || frame.length() > SHORT
                || connection.hasUnread()
                || !turn.tryTake()) {
            put(frame);
            return;
        }
        boolean nothingWaits = outbound.isIdle();
        try {
            if (nothingWaits) {
                connection.write(frame, () -> null);
            }
        } catch (Throwable e) {
            unwritable(e);
        } finally {
            turn.giveBack();
        }
        if (!nothingWaits) {
            put(frame);
        }
    }

    /** Returns the server's counters. */
    public Counters counters() {
        return context.counters();
    }

    /** Returns whether so much waits that frames which can be dropped should be. */
    public boolean isBusy() {
        return outbound.isHalfFull();
    }

    /**
     * Ends the connection; only the first call has an effect. Called by any thread; does not block, and never throws.
     *
     * @param discard whether the frames that wait are discarded
     */
    public void end(CloseCode code, boolean discard) {
        end(code, discard, code.reason());
    }

    /** @param why for the log, if the peer can't be told */
    public void end(CloseCode code, boolean discard, String why) {
        long queued = outbound.bytes();
        if (!ENDED.compareAndSet(this, null, code)) { // before the peer, or the inbound loop, can see it
            return;
        }
        try {
            outbound.close(lastFrame(code), discard);
            context.counters().ended(code);
            ConnectionEvent.disconnected(connection, handler == null ? "" : handler.client(), code, why);
            if (code == CloseCode.SLOW_CONSUMER) {
                ConnectionEvent.slowConsumer(connection, queued);
            }
            if (isIncident(code)) {
                String reason = code.code() + " " + (connection.sendsCloseReason() ? code.reason() : why);
                context.incidents().log(reason, () -> this + " is closed: " + reason);
            }
        } catch (Throwable e) {
            connection.abort(); // nothing else ends it, if the queue is not closed
            Loop.report(LOG, "ending a connection", e);
        }
    }

    private boolean isIncident(CloseCode code) {
        return switch (code) {
            case SLOW_CONSUMER, TIMED_OUT, RATE_LIMITED -> true;
            case PROTOCOL_ERROR, UNSUPPORTED_DATA, INVALID_TEXT, INVALID_COMPRESSION, TOO_LARGE, TRY_LATER ->
                !connection.sendsCloseReason();
            case NORMAL, RESTART, INTERNAL_ERROR, UNAUTHORIZED, DISCONNECTED ->
                false; // of some there is more in the log
        };
    }

    /** Returns the handler; empty before it is set. */
    public Optional<ConnectionHandler> handler() {
        return Optional.ofNullable(handler);
    }

    /** Returns the bytes that wait to be written, roughly. */
    public long queuedBytes() {
        return outbound.bytes();
    }

    /** Returns the bytes of the frames that wait, and of a large message that is being received. Any thread. */
    public long heldBytes() {
        return outbound.heldBytes() + connection.incomingBytes();
    }

    /**
     * Ends the connection because memory is short, and releases its memory within a second or two: with 4000, or with 1013 if
     * the message that it sends takes more than the frames that wait for it. Any thread; does not block.
     */
    public void cutOff() {
        cutOff = true;
        end(connection.incomingBytes() > outbound.heldBytes() ? CloseCode.TRY_LATER : CloseCode.SLOW_CONSUMER, true);
    }

    /** Returns why the connection has ended, after it has. */
    public CloseCode closeCode() {
        return ended == null ? CloseCode.NORMAL : ended;
    }

    /** Returns whether the end has begun. */
    public boolean hasEnded() {
        return ended != null;
    }

    private Frame lastFrame(CloseCode code) {
        Frame close = connection.closeFrame(code);
        ConnectionHandler to = handler;
        if (to == null || code == CloseCode.NORMAL) {
            return close;
        }
        try {
            return to.farewell(code).map(frame -> frame.followedBy(close)).orElse(close);
        } catch (Throwable e) { // a plug-in's; the end must come all the same
            Loop.report(LOG, "saying farewell", e);
            return close;
        }
    }

    /** Ends the connection without a close frame, because it is broken or an orderly end has taken too long. */
    public void abort() {
        end(CloseCode.NORMAL, true);
        connection.abort();
    }

    @Override
    public void check(long now) {
        try {
            checkClocks(now);
        } catch (Throwable e) { // without its deadlines it must not go on
            if (ended == null) {
                end(CloseCode.INTERNAL_ERROR, true);
            } else {
                connection.abort();
            }
            Loop.report(LOG, "keeping the deadlines of a connection", e);
        }
    }

    private void checkClocks(long now) {
        if (past(now, connection.writingSince(), cutOff ? CUT_OFF : limits.write())) {
            end(CloseCode.TIMED_OUT, true);
            connection.abort();
        } else if (ended != null) {
            if (past(now, closedAt, linger())) {
                connection.abort();
            }
        } else if (past(now, connection.readingSince(), limits.frame())
                || past(now, connection.messageSince(), limits.message())) {
            end(CloseCode.TIMED_OUT, true);
        } else {
            checkSilence(now);
            connection.keepalive(now).ifPresent(outbound::offer);
            if (handler != null) {
                handler.check();
            }
        }
    }

    private Duration linger() {
        return cutOff ? CUT_OFF : limits.pong().compareTo(LONGEST_LINGER) < 0 ? limits.pong() : LONGEST_LINGER;
    }

    private void checkSilence(long now) {
        boolean canHear = !handling.get() && !outbound.holdsControl() && connection.writingSince() == 0;
        switch (pings.check(now, connection.lastReadNanos(), canHear)) {
            case NOTHING -> {}
            case PING -> outbound.offer(connection.ping()); // without room for it, the write is what stalls
            case TIMEOUT -> end(CloseCode.TIMED_OUT, true);
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

package io.seleucia.chat.session;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Printable;
import io.seleucia.chat.transport.Connection;
import io.seleucia.chat.transport.ConnectionClosedException;
import io.seleucia.chat.transport.Frame;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * The two loops of a connection: an inbound loop that reads one message after the other and hands it on, and an outbound
 * loop that writes what waits in the queue. Each has a virtual thread, and nothing else touches the connection, but for
 * {@link Connection#abort}, by which the watchdog or the outbound loop ends a read or write that will never end by
 * itself.
 *
 * <p>While the outbound loop has nothing to do, the inbound loop may write a short answer itself: it is the peer's own
 * thread, and blocks nobody else if the peer does not read.
 *
 * <p>They end once, for the reason that comes first, through {@link #end}: the queue closes, the outbound loop writes
 * the last frame, the inbound loop sees the peer's answer, or its silence, and gives everything back.
 */
public final class Loops implements Watchdog.Watched {
    private static final Logger LOG = System.getLogger(Loops.class.getName());

    /** How long a peer may take to close after it has been sent the last frame; less where pings expect less. */
    private static final Duration LONGEST_LINGER = Duration.ofSeconds(5);

    /** The longest frame that the inbound loop writes itself. */
    private static final int SHORT = 8 * 1024;

    private static final Queue<Frame> NOTHING = new ArrayDeque<>(0);

    // Whose turn it is to write.
    private static final int NOBODYS = 0;
    private static final int SOMEBODYS = 1;
    private static final int AWAITED = 2; // the inbound loop's, and the outbound loop is waiting for it
    private static final VarHandle TURN;
    private static final VarHandle ENDED;
    private static final VarHandle SERVING;

    static {
        try {
            TURN = MethodHandles.lookup().findVarHandle(Loops.class, "turn", int.class);
            ENDED = MethodHandles.lookup().findVarHandle(Loops.class, "ended", CloseCode.class);
            SERVING = MethodHandles.lookup().findVarHandle(Loops.class, "serving", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** What is done with what comes. All methods are called by the inbound loop, and may block it. */
    public interface Receiver {
        /** Called first. */
        default void began() {}

        /** A message, whole. */
        void received(Payload message);

        /** Nothing more comes; what was taken for this peer is given back. */
        void ended();

        /** Ends the connection if a deadline of its own has passed. Called by the watchdog; must not block. */
        default void check() {}

        /** Ends the connection, if it is one of those that an operator wants to end. Any thread; must not block. */
        default void heed(Order order) {}

        /** What is said before the last frame, if anything. Called by any thread; must not block. */
        default Optional<Frame> farewell(CloseCode code) {
            return Optional.empty();
        }
    }

    private final Connection connection;
    private final Bounds bounds;
    private final Counters counters;
    private final OutboundQueue outbound;
    private volatile Receiver receiver; // null until serve
    private volatile CloseCode ended; // set once, by whoever closes the queue then
    private volatile long closedAt; // when the last frame was written, as System.nanoTime, or 0
    private volatile int turn;
    private boolean answered; // the inbound loop has written; its own
    private Thread inboundThread; // this one and the next are set before anything is received
    private Thread outboundThread;
    private volatile boolean serving; // the inbound loop handles what it has read, and reads nothing meanwhile
    private long pingedAt; // the watchdog's own, as is the next; not after heardAt unless an answer is awaited
    private long awaitedSince; // from when on the answer has been possible

    /**
     * Loops on a connection whose handshake is done.
     *
     * @param counters are told what happens
     */
    public Loops(Connection connection, Bounds bounds, Counters counters) {
        this.connection = connection;
        this.bounds = bounds;
        this.counters = counters;
        this.outbound = new OutboundQueue(bounds.queueBytes());
        this.pingedAt = connection.heardAt();
    }

    /** Says what is to be served on them, before anybody can end them: whoever does has it say farewell. */
    public Loops serve(Receiver to) {
        receiver = to;
        return this;
    }

    /**
     * Runs both, the inbound loop in the calling thread, until the connection has ended and nothing of it is left. What
     * is on the stack while nothing happens is memory of an idle connection, and so there is little.
     */
    public void run() {
        boolean begun = false;
        try {
            begin();
            begun = true;
            SERVING.setRelease(this, true);
            receiver.began();
            SERVING.setRelease(this, false);
            Thread.interrupted(); // see receive
            while (isWorthReading()) {
                connection.await();
                receive();
                if (answered) {
                    giveWay();
                }
            }
        } catch (Throwable e) {
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
        counters.add(Counters.Count.SESSIONS);
        ConnectEvent.commit(connection);
        outboundThread.start();
    }

    /** Lets others run first: by then the peer may have its answer and have sent more, and no read was in vain. */
    private void giveWay() {
        answered = false;
        Thread.yield();
    }

    /** After the end has begun there is only the peer's answer to the last frame, if it gives one. */
    private boolean isWorthReading() {
        return ended == null || connection.tellsWhy();
    }

    private void receive() throws IOException {
        Optional<Payload> message = connection.read(this::put); // who pings and does not read is read no more
        if (message.isPresent() && ended == null) { // nothing is processed after a close; the peer's own is awaited
            counters.add(Counters.Count.RECEIVED);
            SERVING.setRelease(this, true);
            receiver.received(message.get());
            SERVING.setRelease(this, false);
            Thread.interrupted(); // an interrupt concerns the message during which it came, not the connection
        }
    }

    private void broken(Throwable why) {
        switch (why) {
            case ConnectionClosedException closed -> {
                end(closed.code(), false, closed.getMessage());
                LOG.log(Level.DEBUG, () -> this + ": " + closed.getMessage());
            }
            case EOFException end -> {
                end(CloseCode.NORMAL, false); // it may still read what it is due
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

    /** @param begun whether the outbound loop runs, and the receiver is to be told of the end */
    private void finish(boolean begun) {
        try {
            if (begun) {
                Loop.attempt(LOG, "ending a connection", receiver::ended);
                Thread.interrupted();
                awaitOutboundLoop();
                connection.finish();
            }
        } catch (Throwable e) {
            Loop.report(LOG, "ending a connection", e);
        } finally {
            connection.abort();
            connection.release();
        }
        LOG.log(Level.DEBUG, () -> this + " ended: " + ended);
    }

    /** It ends: the queue is closed, and the watchdog aborts a write that stalls. */
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

    private void outboundLoop() {
        try {
            while (!outbound.finished()) {
                Frame first = outbound.take();
                awaitTurn();
                connection.write(first, outbound); // one flush for all that was waiting
                turn = NOBODYS;
            }
            connection.endOutput();
            closedAt = System.nanoTime() | 1;
        } catch (Throwable e) {
            unwritable(e);
        }
    }

    /** The outbound loop's: waits until the inbound loop has written its answer. */
    private void awaitTurn() {
        while (!TURN.compareAndSet(this, NOBODYS, SOMEBODYS)) {
            if (TURN.compareAndSet(this, SOMEBODYS, AWAITED)) {
                while (turn == AWAITED) {
                    LockSupport.park(this);
                }
            }
        }
    }

    /** Ends the connection, which releases the inbound loop: it is unknown how much of a frame was written. */
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

    /** What they run on. */
    public Connection connection() {
        return connection;
    }

    /** Names both threads after the user, for whoever reads a thread dump. Called by the inbound loop. */
    void name(String client) {
        String shown = Printable.line(client);
        Thread.currentThread().setName(connection.name() + "-inbound user=" + shown);
        outboundThread.setName(connection.name() + "-outbound user=" + shown);
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

    /**
     * Sends an answer in its turn: at once, if the inbound loop calls this, has read all there is, and nothing waits or is
     * being written; else it is {@link #put} behind what waits.
     */
    public void answer(Frame frame) {
        if (Thread.currentThread() != inboundThread
                || frame.length() > SHORT
                || connection.hasUnread()
                || !TURN.compareAndSet(this, NOBODYS, SOMEBODYS)) {
            put(frame);
            return;
        }
        boolean nothingWaits = outbound.isIdle();
        try {
            if (nothingWaits) {
                connection.write(frame, NOTHING);
                answered = true;
            }
        } catch (Throwable e) {
            unwritable(e);
        } finally {
            if ((int) TURN.getAndSet(this, NOBODYS) == AWAITED) {
                LockSupport.unpark(outboundThread);
            }
        }
        if (!nothingWaits) {
            put(frame);
        }
    }

    /** What is told what happens. */
    Counters counters() {
        return counters;
    }

    /** Whether so much waits already that what can be done without should not be added. */
    boolean isBusy() {
        return outbound.isHalfFull();
    }

    /**
     * Ends the connection; only the first call has an effect. Called by any thread; does not block, and never throws.
     *
     * @param discard whether the close goes ahead of what waits in the queue
     */
    public void end(CloseCode code, boolean discard) {
        end(code, discard, code.reason());
    }

    /** @param why for the log, if the peer can't be told */
    void end(CloseCode code, boolean discard, String why) {
        long queued = outbound.bytes();
        if (!ENDED.compareAndSet(this, (CloseCode) null, code)) { // before the peer, or the inbound loop, can see it
            return;
        }
        try {
            outbound.close(lastFrame(code), discard);
            counters.ended(code);
            note(code, why, queued);
            if (isIncident(code)) {
                Incidents.log(code.code() + " " + (connection.tellsWhy() ? code.reason() : why), this);
            }
        } catch (Throwable e) {
            connection.abort(); // nothing else ends it, if the queue is not closed
            Loop.report(LOG, "ending a connection", e);
        }
    }

    private void note(CloseCode code, String why, long queued) {
        DisconnectEvent.commit(connection, receiver instanceof Session session ? session.client() : "", code, why);
        if (code == CloseCode.SLOW_CONSUMER) {
            SlowConsumerEvent.commit(connection, queued);
        }
    }

    private boolean isIncident(CloseCode code) {
        return switch (code) {
            case SLOW_CONSUMER, TIMED_OUT, RATE_LIMITED -> true;
            case PROTOCOL_ERROR, UNSUPPORTED_DATA, INVALID_TEXT, INVALID_COMPRESSION, TOO_LARGE, TRY_LATER ->
                !connection.tellsWhy();
            case NORMAL, RESTART, INTERNAL_ERROR, UNAUTHORIZED, DISCONNECTED ->
                false; // of some there is more in the log
        };
    }

    /** Returns whether one of these threads is the inbound loop. A thread must have been added by itself. */
    public boolean isServedBy(Set<Thread> threads) {
        Thread thread = inboundThread;
        return thread != null && threads.contains(thread);
    }

    /** What is served on them; empty before that was said. */
    public Optional<Receiver> receiver() {
        return Optional.ofNullable(receiver);
    }

    /** The bytes that wait to be written, roughly. */
    public long queuedBytes() {
        return outbound.bytes();
    }

    /** Why they have ended, when they have. */
    CloseCode closeCode() {
        return ended == null ? CloseCode.NORMAL : ended;
    }

    /** Whether the end has begun. */
    boolean hasEnded() {
        return ended != null;
    }

    private Frame lastFrame(CloseCode code) {
        Frame close = connection.closeFrame(code);
        Receiver to = receiver;
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

    /** Ends the connection without a word, when it is broken, or an orderly end has taken too long. */
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
        if (past(now, connection.writingSince(), bounds.write())) {
            end(CloseCode.TIMED_OUT, true);
            connection.abort();
        } else if (ended != null) {
            Duration linger = bounds.pong().compareTo(LONGEST_LINGER) < 0 ? bounds.pong() : LONGEST_LINGER;
            if (past(now, closedAt, linger)) {
                connection.abort();
            }
        } else if (past(now, connection.readingSince(), bounds.frame())
                || past(now, connection.messageSince(), bounds.message())) {
            end(CloseCode.TIMED_OUT, true);
        } else {
            checkSilence(now);
            connection.keepalive(now).ifPresent(outbound::offer);
            if (receiver != null) {
                receiver.check();
            }
        }
    }

    /**
     * Ends a connection whose peer gives no sign of life. The time for its answer runs only while an answer could be heard:
     * the ping has been given to the transport, which can take more, and the inbound loop reads. Until then it is the
     * peer's own doing that nothing is heard, and another deadline counts: a peer that does not take what is written is
     * ended by that of writes, and one that takes it comes to the ping.
     */
    private void checkSilence(long now) {
        long heardAt = connection.heardAt();
        boolean asked = pingedAt - heardAt > 0;
        if (asked && (serving || outbound.holdsControl() || connection.writingSince() != 0)) {
            awaitedSince = now;
        } else if (asked && past(now, awaitedSince, bounds.pong())) {
            end(CloseCode.TIMED_OUT, true);
            return;
        }
        if (past(now, asked ? pingedAt : heardAt, bounds.ping())) {
            pingedAt = now;
            awaitedSince = asked ? awaitedSince : now;
            outbound.offer(connection.ping()); // with no room for it, it is the write that stalls
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

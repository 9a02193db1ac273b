package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Has a program in this process follow a channel: every message once, in order, in a thread of its own. What comes
 * faster than the program takes it waits here, up to a bound; beyond that it is forgotten and read from the history when
 * the program has come so far. So a slow program makes nobody wait, and misses nothing that the history holds.
 */
public final class Follower implements Broker.Listener, Broker.Subscription {
    private static final Logger LOG = System.getLogger(Follower.class.getName());
    private static final int PAGE = 100;
    private static final int OVERHEAD = 128;
    private static final long PAUSE_MILLIS = 200;

    /** What the program is told, and where it is then. */
    private record Step(Position position, Event.Push push) {}

    private final Broker broker;
    private final String channel;
    private final Consumer<Event.Push> to;
    private final long maxBytes;
    private final Set<Follower> open;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock(); // guards the four below
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Step> waiting = new ArrayDeque<>();
    private long bytes;
    private boolean behind; // what comes is in the history, and is to be read there
    private volatile boolean closed; // set under the lock

    private Broker.Subscription subscription; // set before the thread starts
    private Position known; // the thread's own, as is the next: up to where the program has been told
    private Position stale = Position.NONE; // in the epoch that the history had left when the program was told so

    private Follower(Broker broker, String channel, Consumer<Event.Push> to, long maxBytes, Set<Follower> open) {
        this.open = open;
        this.broker = broker;
        this.channel = channel;
        this.to = to;
        this.maxBytes = maxBytes;
        this.thread = Thread.ofVirtual().name("follower-" + channel).unstarted(this::run);
    }

    /**
     * Follows a channel from now on. Blocks as the broker does.
     *
     * @param to is given {@link Event.Received} and {@link Event.Lost}, one at a time; may block. What it throws is
     *     logged, and it goes on with the next
     * @param maxBytes how much may wait
     * @param open the followers that are not closed; this one is added, until it is
     */
    public static Follower start(
            Broker broker, String channel, Consumer<Event.Push> to, long maxBytes, Set<Follower> open)
            throws UnavailableException {
        Follower follower = new Follower(broker, channel, to, maxBytes, open);
        follower.subscription = broker.subscribe(channel, follower);
        follower.known = follower.subscription.start();
        open.add(follower);
        follower.thread.start();
        return follower;
    }

    @Override
    public Position start() {
        return subscription.start();
    }

    @Override
    public void message(Message message) {
        try {
            add(received(message), OVERHEAD + message.content().asText().length());
        } catch (Throwable e) {
            fallBehind();
            throw e;
        }
    }

    @Override
    public void lost(Position position) {
        try {
            add(lostUpTo(position), OVERHEAD);
        } catch (Throwable e) {
            fallBehind();
            throw e;
        }
    }

    /** Sees to it that what could not be kept, or passed on, is read from the history. */
    private void fallBehind() {
        lock.lock();
        try {
            waiting.clear();
            behind = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    private static Step received(Message message) {
        return new Step(message.position(), new Event.Received(message));
    }

    private Step lostUpTo(Position position) {
        return new Step(position, new Event.Lost(channel, position));
    }

    @Override
    public void signal(Broker.Signal signal) {}

    @Override
    public void joined(String client) {}

    @Override
    public void left(String client) {}

    private void add(Step step, long size) {
        lock.lock();
        try {
            if (!behind) {
                waiting.add(step);
                bytes += size;
                if (bytes > maxBytes) {
                    waiting.clear();
                    behind = true;
                }
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        Loop.run(LOG, thread.getName(), () -> !closed, this::passBatch);
    }

    private void passBatch() throws InterruptedException {
        List<Step> batch = take();
        boolean passed = false;
        try {
            if (batch.isEmpty() || batch.stream().anyMatch(this::isStale)) {
                catchUp();
            }
            batch.forEach(this::passLive);
            passed = true;
        } finally {
            if (!passed) {
                fallBehind();
            }
        }
    }

    /** What waits, waiting for it; nothing, if the history has to be read, or it is closed. */
    private List<Step> take() throws InterruptedException {
        lock.lock();
        try {
            while (waiting.isEmpty() && !behind && !closed) {
                changed.await();
            }
            List<Step> batch = List.copyOf(waiting);
            waiting.clear();
            bytes = 0;
            behind = false; // what comes from now on waits again, and all before it is in the history
            return batch;
        } finally {
            lock.unlock();
        }
    }

    /** Reads what was missed. What the history holds no more is told. */
    private void catchUp() {
        boolean reading = true;
        while (reading && !closed) {
            try {
                Broker.Page page = broker.historyAfter(channel, known.offset(), PAGE);
                reading = page.position().sameEpoch(known) && !page.messages().isEmpty();
                if (!reading && !page.position().equals(known)) {
                    stale = page.position().sameEpoch(known) ? Position.NONE : known;
                    pass(lostUpTo(page.position()));
                }
                if (reading) {
                    page.messages().forEach(this::passWithGap);
                }
            } catch (ClosedBrokerException e) {
                return; // nothing more comes
            } catch (UnavailableException e) {
                LOG.log(Level.DEBUG, () -> thread.getName() + ": " + e.getMessage()); // the broker says it itself
                pause();
            }
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "interrupted before the history was read again");
        }
    }

    private void passWithGap(Message message) {
        if (!message.position().equals(known.next())) {
            pass(lostUpTo(message.position().at(message.position().offset() - 1)));
        }
        pass(received(message));
    }

    /** Returns whether the history that the program was given has left the epoch of what the broker delivers. */
    private boolean isStale(Step step) {
        return !stale.equals(Position.NONE) && step.position.sameEpoch(stale);
    }

    /** Passes on what the broker has delivered, which may have yet to learn of the epoch that the history is in. */
    private void passLive(Step step) {
        if (isStale(step)) {
            return;
        }
        if (!step.position.equals(Position.NONE)) {
            stale = Position.NONE;
        }
        pass(step);
    }

    private void pass(Step step) {
        boolean numbered = !step.position.equals(Position.NONE);
        boolean told = numbered && step.position.sameEpoch(known) && step.position.offset() <= known.offset();
        if (closed || told) {
            return;
        }
        if (numbered) {
            known = step.position;
        }
        try {
            to.accept(step.push);
        } catch (Throwable e) {
            Loop.report(LOG, thread.getName() + ": the program", e);
        }
    }

    /** Ends it, without waiting: what the program is being told it may still be told, and nothing after it. */
    @Override
    public void close() {
        open.remove(this);
        subscription.close();
        lock.lock();
        try {
            closed = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }
}

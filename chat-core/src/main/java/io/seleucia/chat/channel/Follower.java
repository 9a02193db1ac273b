package io.seleucia.chat.channel;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
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
 * A follower of a channel for a program in this process: every message once, in order, in a thread of its own. Messages that
 * come faster than the program takes them wait here, up to a bound; beyond that they are dropped, and read from the history
 * later. So a slow program delays no publisher, and misses nothing that the history holds.
 */
public final class Follower implements Broker.Listener, Broker.Subscription {
    private static final Logger LOG = System.getLogger(Follower.class.getName());
    private static final int PAGE = 100;
    private static final int STEP_BYTES = 128;
    private static final long PAUSE_MILLIS = 200;

    /** A push for the program, and the position up to which it has been told then. */
    private record Step(Position position, Event.Push push) {}

    private final Broker broker;
    private final String channel;
    private final Consumer<Event.Push> to;
    private final long maxBytes;
    private final Set<Follower> open;
    private final MemoryBudget memory;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock(); // guards the five below
    private final Condition changed = lock.newCondition();
    private final Deletions deletions = new Deletions(lock);
    private final ArrayDeque<Step> waiting = new ArrayDeque<>();
    private long bytes; // of the messages that wait, charged
    private boolean behind; // messages were dropped, and are to be read from the history
    private volatile boolean closed; // set under the lock

    private Broker.Subscription subscription; // set before the thread starts
    private Position
            known; // up to which the program has been told; this and the next three are used by the thread only
    private long passing; // the bytes of the batch that is being passed on, charged
    private long taken; // a mark of the deletions when that batch was taken
    private Position stale = Position.NONE; // of the epoch that the history has left, as the program was told

    /**
     * Creates a follower, which {@link #open} starts.
     *
     * @param to is given {@link Event.Received} and {@link Event.Lost}, one at a time; may block. What it throws is logged,
     *     and the next follows
     * @param maxBytes the bound of the messages that wait
     * @param open the followers that are not closed; this one is added until it is
     * @param memory is charged for messages that wait or are read from the history
     */
    public Follower(
            Broker broker,
            String channel,
            Consumer<Event.Push> to,
            long maxBytes,
            Set<Follower> open,
            MemoryBudget memory) {
        this.memory = memory;
        this.open = open;
        this.broker = broker;
        this.channel = channel;
        this.to = to;
        this.maxBytes = maxBytes;
        this.thread = Thread.ofVirtual().name("follower-" + channel).unstarted(this::run);
    }

    /** Follows the channel from now on. Blocks as the broker does. */
    public Follower open() throws UnavailableException {
        subscription = broker.subscribe(channel, this);
        known = subscription.start();
        open.add(this);
        thread.start();
        return this;
    }

    @Override
    public Position start() {
        return subscription.start();
    }

    @Override
    public void message(Message message) {
        try {
            if (message.attributes().isDeletion()) {
                noteDeletion(message.attributes().ref().orElseThrow().offset());
            }
            add(received(message), STEP_BYTES + PageMemory.bytes(message));
        } catch (Throwable e) {
            fallBehind();
            throw e;
        }
    }

    @Override
    public void lost(Position position) {
        try {
            noteLoss(position);
            add(lostUpTo(position), STEP_BYTES);
        } catch (Throwable e) {
            fallBehind();
            throw e;
        }
    }

    @Override
    public void erased() {
        lock.lock();
        try {
            deletions.noteAll();
            if (!waiting.isEmpty()) {
                fallBehind();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Notes a deletion. If a message waits whose content it may remove, all that wait are read from the history instead. */
    private void noteDeletion(long offset) {
        lock.lock();
        try {
            deletions.note(offset);
            if (waiting.stream()
                    .anyMatch(step -> step.push instanceof Event.Received received
                            && Deletions.isContentOf(received.message(), offset))) {
                fallBehind();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Notes that messages are no longer there: perhaps an operator has deleted them, and with them some that wait. */
    private void noteLoss(Position position) {
        lock.lock();
        try {
            deletions.noteAll();
            if (!waiting.isEmpty() && waiting.getLast().position.sameEpoch(position)) {
                fallBehind();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Drops the messages that wait, to be read from the history. */
    private void fallBehind() {
        lock.lock();
        try {
            forget();
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

    private void add(Step step, long size) {
        lock.lock();
        try {
            if (!behind && !closed) {
                waiting.add(step);
                bytes += size;
                memory.charge(Part.QUEUES, size);
                if (bytes > maxBytes || memory.isFull()) {
                    forget();
                    behind = true;
                }
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Called under the lock. */
    private void forget() {
        waiting.clear();
        memory.charge(Part.QUEUES, -bytes);
        bytes = 0;
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
            for (Step step : batch) {
                if (!isStale(step) && isGone(step)) {
                    return; // the rest is read again
                }
                passLive(step);
            }
            passed = true;
        } finally {
            memory.charge(Part.QUEUES, -passing);
            passing = 0;
            if (!passed) {
                fallBehind();
            }
        }
    }

    /** Blocks for the messages that wait, and returns them; nothing if the history must be read, or after the close. */
    private List<Step> take() throws InterruptedException {
        lock.lock();
        try {
            while (waiting.isEmpty() && !behind && !closed) {
                changed.await();
            }
            List<Step> batch = List.copyOf(waiting);
            waiting.clear();
            passing = bytes;
            bytes = 0;
            behind = false; // messages from now on wait again, and all before are in the history
            taken = deletions.mark();
            return batch;
        } finally {
            lock.unlock();
        }
    }

    /** Passes on the messages that were missed, from the history, and the gaps in it. */
    private void catchUp() {
        boolean reading = true;
        while (reading && !closed) {
            try {
                long mark = deletions.mark();
                Broker.Page page = broker.historyAfter(channel, known.offset(), PAGE);
                reading = page.position().sameEpoch(known) && !page.messages().isEmpty();
                if (!reading && !page.position().equals(known)) {
                    stale = page.position().sameEpoch(known) ? Position.NONE : known;
                    pass(lostUpTo(page.position()));
                }
                if (reading) {
                    passPage(page, mark);
                }
            } catch (ClosedBrokerException e) {
                return;
            } catch (UnavailableException e) {
                LOG.log(Level.DEBUG, () -> thread.getName() + ": " + e.getMessage()); // the broker logs it itself
                pause();
            }
        }
    }

    /** Passes on a page, up to a message that has been deleted since the page was read. */
    private void passPage(Broker.Page page, long mark) {
        PageMemory held = new PageMemory(memory, page.messages());
        try {
            for (Message message : page.messages()) {
                if (deletions.concern(message, mark)) {
                    return; // the rest is read again
                }
                passWithGap(message);
            }
        } finally {
            held.close();
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

    /** Returns whether the message of a step has been deleted since the step was taken. */
    private boolean isGone(Step step) {
        return step.push instanceof Event.Received received && deletions.concern(received.message(), taken);
    }

    /** Returns whether the history, as passed on, has left the epoch of a step. */
    private boolean isStale(Step step) {
        return !stale.equals(Position.NONE) && step.position.sameEpoch(stale);
    }

    /** Passes on a step from the broker, which may have yet to learn of the epoch that the history is in. */
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

    /** Ends the following, without waiting: the program may still be told the current push, and nothing after it. */
    @Override
    public void close() {
        open.remove(this);
        subscription.close();
        lock.lock();
        try {
            closed = true;
            forget();
            changed.signal();
        } finally {
            lock.unlock();
        }
    }
}

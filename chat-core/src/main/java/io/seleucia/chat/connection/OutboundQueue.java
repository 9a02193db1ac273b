package io.seleucia.chat.connection;

import io.seleucia.chat.concurrent.Gate;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.transport.Frame;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * The frames that wait to be written to one client: many threads offer; the thread that has the turn of writing takes.
 * Bounded in bytes, except for those that come while a batch is being taken. Offering never blocks, and fails beyond the
 * bound.
 *
 * <p>A stack that is taken whole and reversed: one atomic step for each offer, one for each batch, nothing allocated while
 * idle, and each node knows the bytes below it. Measured, this is cheaper than any queue of the JDK.
 *
 * <pre>
 *            offer                     offer
 *   null ──────────────► node ◄───────────────┐     IDLE: all is written, and the thread
 *    │ ▲                  │ └─────────────────┘     that replaces it must wake a writer
 *    │ └──────────────────┘ poll: the whole chain
 *    ▼ rest               │ the last frame is given, or release
 *   IDLE ──────────────► node ──► ENDED: nothing is accepted any more
 *            offer
 * </pre>
 *
 * <p>The charge for a connection covers the first few frames. Those beyond are charged, each until it has been written. So
 * a queue that keeps up charges nothing, and counts no holders of shared frames.
 */
final class OutboundQueue implements Supplier<Frame>, IntFunction<Frame> {
    private static final class Node {
        final Frame frame;
        Node next; // the older one in the stack, the newer one once taken
        long data; // bytes of this frame and all older ones in the stack that may not overtake
        int control; // the same of those that may
        int count; // of the frames in the stack, up to this one
        boolean charged; // set before it is in the stack

        Node(Frame frame) {
            this.frame = frame;
        }
    }

    private record End(Frame frame, boolean discard) {}

    private static final Node IDLE = new Node(null);
    private static final Node ENDED = new Node(null);
    private static final VarHandle HEAD;
    private static final VarHandle END;
    private static final VarHandle WAITER;
    private static final int CONTROL_ROOM = 64 * 1024;
    private static final int FREE_BYTES = 4 * 1024; // not charged, nor are
    private static final int FREE_FRAMES = 32;
    private static final int NODE_BYTES = 40;
    private static final int MUCH_BYTES = 64 * 1024;
    private static final long SECOND_WAITER_NANOS = 1_000_000;

    static {
        try {
            HEAD = MethodHandles.lookup().findVarHandle(OutboundQueue.class, "head", Node.class);
            WAITER = MethodHandles.lookup().findVarHandle(OutboundQueue.class, "waiter", Thread.class);
            END = MethodHandles.lookup().findVarHandle(OutboundQueue.class, "end", End.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long maxBytes;
    private final MemoryBudget memory;
    private final Runnable waker;
    private volatile Node head;
    private volatile Thread waiter; // for room

    private volatile End end; // set once

    private volatile Thread loop; // the outbound loop, once it waits

    // Written by the thread that has the turn of writing; others read the volatile fields.
    private Node control; // taken, not yet given out: those that may overtake, and the others
    private Node data;
    private volatile long taken; // the bytes of these
    private volatile int takenControl;
    private Node written; // the last but one that was given out, if it is charged: no longer read after the next poll
    private Node writing; // the last one
    private boolean finished;

    /** @param waker wakes a writer, when a frame was offered while all was written; must not block */
    OutboundQueue(long maxBytes, MemoryBudget memory, Runnable waker) {
        this.maxBytes = maxBytes;
        this.memory = memory;
        this.waker = waker;
    }

    /** Adds a frame at the end; false, without effect, if the bound would be passed or the queue is closed. */
    boolean offer(Frame frame) {
        return offer(frame, false);
    }

    private boolean offer(Frame frame, boolean patient) {
        Node node = new Node(frame);
        int length = frame.length();
        while (true) {
            Node top = head;
            Node below = top == IDLE ? null : top;
            node.next = below;
            node.data = (below == null ? 0 : below.data) + (frame.control() ? 0 : length);
            node.control = (below == null ? 0 : below.control) + (frame.control() ? length : 0);
            node.count = (below == null ? 0 : below.count) + 1;
            if (end != null || top == ENDED) {
                return refuse(node);
            }
            if (!fits(node, length, patient) || !frame.control() && isTooMuch(node.data + taken - length)) {
                if (head == top) {
                    return refuse(node);
                }
                continue; // frames below have been taken meanwhile, and would be counted twice
            }
            if (!node.charged && (node.data + node.control + taken > FREE_BYTES || node.count > FREE_FRAMES)) {
                charge(node); // before others see it: it is released only after that
            }
            if (HEAD.compareAndSet(this, top, node)) {
                if (top == IDLE) {
                    waker.run();
                }
                return true;
            }
        }
    }

    /** Returns whether a long queue must not grow, because memory is full and may be freed more slowly than frames come. */
    private boolean isTooMuch(long waiting) {
        return waiting > MUCH_BYTES && memory.isFull();
    }

    private boolean refuse(Node node) {
        release(node);
        return false;
    }

    private void charge(Node node) {
        node.charged = true;
        if (node.frame.control()) { // which may be a constant, that several servers send
            memory.charge(Part.QUEUES, NODE_BYTES + node.frame.memory());
        } else {
            node.frame.hold(memory, Part.QUEUES);
            memory.charge(Part.QUEUES, NODE_BYTES);
        }
    }

    private void release(Node node) {
        if (node == null || !node.charged) {
            return;
        }
        node.charged = false;
        if (node.frame.control()) {
            memory.charge(Part.QUEUES, -NODE_BYTES - node.frame.memory());
        } else {
            node.frame.release(memory);
            memory.charge(Part.QUEUES, -NODE_BYTES);
        }
    }

    private void releaseAll(Node first) {
        for (Node node = first; node != null; node = node.next) {
            release(node);
        }
    }

    /** Answers to pings have room of their own, so that a peer that is sent much data gets them too. */
    private boolean fits(Node node, int length, boolean patient) {
        if (node.frame.control()) {
            return node.control + takenControl <= CONTROL_ROOM;
        }
        long bytes = node.data + taken;
        return patient ? bytes <= maxBytes / 2 || bytes == length : bytes <= maxBytes;
    }

    /**
     * Closes the queue. Nothing is accepted after it. The first call decides, the others have no effect.
     *
     * @param frame the last frame that is given out
     * @param discard whether the last frame comes next, and the waiting ones are thrown away
     * @return whether this was the first call
     */
    boolean close(Frame frame, boolean discard) {
        boolean first = END.compareAndSet(this, (End) null, new End(frame, discard));
        if (first) {
            wakeLoop();
            LockSupport.unpark(waiter);
        }
        return first;
    }

    /** Returns whether it accepts nothing more. Any thread. */
    boolean isClosed() {
        return end != null;
    }

    /** Returns whether the last frame was given out. Called by the outbound loop only. */
    boolean finished() {
        return finished;
    }

    /**
     * Blocks while all is written and the queue is open. Called by the outbound loop only, without the turn. Short, because its
     * stack is memory of an idle connection.
     */
    void await() throws InterruptedException {
        loop = Thread.currentThread();
        while (head == IDLE && end == null) {
            LockSupport.park(this);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    /** Wakes the outbound loop if it waits. Any thread; does not block. */
    void wakeLoop() {
        LockSupport.unpark(loop);
    }

    /**
     * Declares all frames that were given as written. Returns whether nothing more waits: the next offer then wakes a writer,
     * and the thread can give up its turn.
     */
    boolean rest() {
        releaseWritten();
        return control == null && data == null && (head == IDLE || HEAD.compareAndSet(this, (Node) null, IDLE));
    }

    /**
     * Returns the next frame if one waits, or null; after the close, the last frame in its turn. The frame that was given
     * before the last one must not be used any more; after {@link #rest}, neither may the last one.
     */
    Frame poll() {
        // Read before the stack is taken, so that the stack holds all frames that were accepted before the close.
        End known = end;
        if (finished || known != null && known.discard) {
            return finish(known);
        }
        Frame frame = next(Integer.MAX_VALUE);
        if (frame == null && known != null) {
            return hasEnded() ? finish(known) : poll();
        }
        return frame;
    }

    /** Returns the next frame if one waits that is no longer than that, and the queue is open; else null. See {@link #poll}. */
    Frame poll(int longest) {
        return end == null ? next(longest) : null;
    }

    /** Does as {@link #poll()}: the queue is handed to the connection as it is, without an object for each write. */
    @Override
    public Frame get() {
        return poll();
    }

    /** Does as {@link #poll(int)}. */
    @Override
    public Frame apply(int longest) {
        return poll(longest);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // only the thread that has the turn writes them
    private Frame next(int longest) {
        if (control == null && data == null) {
            takeAll();
        }
        Node node = control != null ? control : data;
        if (node == null || node.frame.length() > longest) {
            return null;
        }
        if (node == control) {
            control = node.next;
        } else {
            data = node.next;
        }
        if (node.frame.control()) {
            takenControl -= node.frame.length();
        } else {
            taken -= node.frame.length();
        }
        Thread waiting = waiter;
        if (waiting != null) {
            LockSupport.unpark(waiting);
        }
        if (node.charged || writing != null || written != null) {
            release(written);
            written = writing;
            writing = node.charged ? node : null;
        }
        return node.frame;
    }

    private void releaseWritten() {
        if (writing != null || written != null) {
            release(written);
            release(writing);
            written = writing = null;
        }
    }

    /** Accepts nothing more, unless a frame has come that was offered before the queue was closed. */
    private boolean hasEnded() {
        Node top = head;
        return top == ENDED || (top == null || top == IDLE) && HEAD.compareAndSet(this, top, ENDED);
    }

    private Frame finish(End known) {
        discard();
        Frame frame = finished ? null : known.frame;
        finished = true;
        return frame;
    }

    /** Throws away the frames that wait, and accepts nothing more. */
    private void discard() {
        Node rest = (Node) HEAD.getAndSet(this, ENDED);
        if (rest != null) {
            releaseAll(rest);
        }
        releaseAll(control);
        releaseAll(data);
        control = data = null;
        taken = takenControl = 0;
    }

    /** Releases all that is still charged, when the outbound loop has ended, or will never run. */
    void release() {
        discard();
        releaseWritten();
    }

    private void takeAll() {
        Node top = head;
        if (top == null || top == IDLE || top == ENDED) {
            return;
        }
        top = (Node) HEAD.getAndSet(this, (Node) null);
        taken = top.data;
        takenControl = top.control;
        for (Node older; top != null; top = older) {
            older = top.next;
            if (top.frame.control()) {
                top.next = control;
                control = top;
            } else {
                top.next = data;
                data = top;
            }
        }
    }

    /**
     * Adds a frame. Blocks until it fits into half the bound, or nothing waits: a frame longer than that gets its turn too.
     * The other half is left to {@link #offer}, whose callers can't wait. For the peer's own thread, which reads nothing
     * from it meanwhile. Does nothing once the queue is closed.
     */
    void put(Frame frame) throws InterruptedException {
        while (!offer(frame, true) && end == null) {
            awaitRoomFor(frame);
        }
    }

    /** Adds a frame as {@link #put(Frame)} does, unless its gate is closed when there is room. Returns whether it was open. */
    boolean put(Frame frame, Gate gate) throws InterruptedException {
        boolean[] accepted = new boolean[1];
        while (gate.pass(() -> accepted[0] = offer(frame, true))) {
            if (accepted[0] || end != null) {
                return true;
            }
            awaitRoomFor(frame);
        }
        return false;
    }

    private void awaitRoomFor(Frame frame) throws InterruptedException {
        if (WAITER.compareAndSet(this, (Thread) null, Thread.currentThread())) {
            while (!hasRoomFor(frame) && end == null && !Thread.currentThread().isInterrupted()) {
                LockSupport.park(this);
            }
            waiter = null;
        } else {
            LockSupport.parkNanos(SECOND_WAITER_NANOS);
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    private boolean hasRoomFor(Frame frame) {
        if (frame.control()) {
            Node top = head;
            return takenControl + (top == null ? 0 : top.control) + frame.length() <= CONTROL_ROOM;
        }
        long waiting = bytes();
        return waiting == 0 || waiting + frame.length() <= maxBytes / 2 && !isTooMuch(waiting);
    }

    /** Returns whether the outbound loop has written everything and waits for more. A snapshot, for any thread. */
    boolean isIdle() {
        return head == IDLE && end == null;
    }

    /** Returns whether more than half of the bound waits. A snapshot, for any thread. */
    boolean isHalfFull() {
        return bytes() > maxBytes / 2;
    }

    /** Returns whether a frame waits that may overtake. A snapshot, for any thread. */
    boolean holdsControl() {
        Node top = head;
        return takenControl > 0 || top != null && top.control > 0;
    }

    /** Returns the bytes that wait; counted twice for a moment while a batch is being taken. */
    long bytes() {
        Node top = head;
        return taken + (top == null ? 0 : top.data);
    }

    /** Returns the bytes that wait or are being written. A snapshot, for any thread. */
    long heldBytes() {
        Node last = writing;
        return bytes() + (last == null ? 0 : last.frame.length());
    }
}

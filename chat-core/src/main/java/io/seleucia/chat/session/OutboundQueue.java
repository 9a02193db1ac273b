package io.seleucia.chat.session;

import io.seleucia.chat.transport.Frame;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.AbstractQueue;
import java.util.Collection;
import java.util.Iterator;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What waits to be written to one client: many threads offer, the outbound loop takes. Bounded in bytes, those
 * aside that come while a batch is being taken; offering never blocks, and fails when the bound is passed.
 *
 * <p>A stack that is taken whole and turned round: one atomic step for each offer, one for each batch, nothing allocated
 * while idle, and each node knows the bytes below it. Measured, this is the cheapest of the JDK's and our queues.
 *
 * <pre>
 *            offer                     offer
 *   null ──────────────► node ◄───────────────┐     IDLE: the loop is parked, and whoever
 *    │ ▲                  │ └─────────────────┘     replaces it must wake it
 *    │ └──────────────────┘ take: the whole chain
 *    ▼ park
 *   IDLE ──────────────► node
 *            offer
 * </pre>
 */
final class OutboundQueue extends AbstractQueue<Frame> implements BlockingQueue<Frame> {
    private static final class Node {
        final Frame frame;
        Node next; // the older one in the stack, the newer one once taken
        long data; // bytes of this frame and all older ones in the stack,
        long control; // those that may overtake counted apart

        Node(Frame frame) {
            this.frame = frame;
        }
    }

    private record End(Frame frame, boolean discard) {}

    private static final Node IDLE = new Node(null);
    private static final VarHandle HEAD;
    private static final VarHandle END;
    private static final VarHandle WAITER;
    private static final int CONTROL_ROOM = 64 * 1024;
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
    private volatile Node head;
    private volatile Thread waiter; // for room

    private volatile End end; // set once, by whoever closes the queue

    // The outbound loop's alone, but for the volatile fields, which others read.
    private volatile Thread consumer;
    private Node control; // taken, not yet given out: what may overtake, and what may not
    private Node data;
    private volatile long taken; // the bytes of these
    private volatile long takenControl;
    private boolean finished;

    OutboundQueue(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Adds a frame at the end; false, without effect, if the bound would be passed or the queue is closed. */
    @Override
    public boolean offer(Frame frame) {
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
            if (end != null) {
                return false;
            }
            if (!fits(node, length, patient)) {
                if (head == top) {
                    return false;
                }
                continue; // what was counted below has been taken meanwhile, and would be counted twice
            }
            if (HEAD.compareAndSet(this, top, node)) {
                if (top == IDLE) {
                    LockSupport.unpark(consumer);
                }
                return true;
            }
        }
    }

    /** A peer that is sent much data must still be answered when it pings: such answers have room of their own. */
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
     * @param discard whether the last frame comes next, and what waits is thrown away
     * @return whether this was the first call
     */
    boolean close(Frame frame, boolean discard) {
        boolean first = END.compareAndSet(this, (End) null, new End(frame, discard));
        if (first) {
            LockSupport.unpark(consumer);
            LockSupport.unpark(waiter);
        }
        return first;
    }

    /** Returns whether it accepts nothing more. Any thread. */
    boolean isClosed() {
        return end != null;
    }

    /** Whether the last frame was given out. Asked by the outbound loop only. */
    boolean finished() {
        return finished;
    }

    /** Waits for the next frame. Called by the outbound loop only, and not after the last frame. */
    @Override
    public Frame take() throws InterruptedException {
        if (consumer == null) {
            consumer = Thread.currentThread();
        }
        Frame frame = next(true);
        while (frame == null) {
            park();
            frame = next(true);
        }
        return frame;
    }

    /** Parks until something was offered or the queue closed. Short, for what it has on the stack is idle memory. */
    private void park() throws InterruptedException {
        while (head == IDLE && end == null) {
            LockSupport.park(this);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    /** The next frame if one waits, or null. Called by the outbound loop only. */
    @Override
    public Frame poll() {
        return next(false);
    }

    /** @param idle whether the loop is to be woken by the next offer, if there is nothing */
    private Frame next(boolean idle) {
        // Read before the stack is taken: then all that was accepted before the close is in what is taken after it.
        End known = end;
        if (finished || known != null && known.discard) {
            return finish(known);
        }
        if (control == null && data == null) {
            takeAll();
        }
        Node node;
        if (control != null) {
            node = control;
            control = node.next;
        } else if (data != null) {
            node = data;
            data = node.next;
        } else if (known != null) {
            return finish(known);
        } else {
            if (idle) {
                HEAD.compareAndSet(this, (Node) null, IDLE);
            }
            return null;
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
        return node.frame;
    }

    private Frame finish(End known) {
        control = data = null;
        head = null;
        taken = takenControl = 0;
        Frame frame = finished ? null : known.frame;
        finished = true;
        return frame;
    }

    private void takeAll() {
        Node top = head;
        if (top == null || top == IDLE) {
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

    @Override
    public Frame peek() {
        throw new UnsupportedOperationException("a frame is seen by taking it");
    }

    @Override
    public int drainTo(Collection<? super Frame> target) {
        return drainTo(target, Integer.MAX_VALUE);
    }

    @Override
    public int drainTo(Collection<? super Frame> target, int max) {
        int n = 0;
        for (Frame frame; n < max && (frame = poll()) != null; n++) {
            target.add(frame);
        }
        return n;
    }

    /** The bound is in bytes, not in frames. */
    @Override
    public int remainingCapacity() {
        return Integer.MAX_VALUE;
    }

    @Override
    public int size() {
        throw new UnsupportedOperationException("counted in bytes");
    }

    @Override
    public boolean isEmpty() {
        Node top = head;
        return (top == null || top == IDLE) && control == null && data == null;
    }

    /**
     * Adds a frame, waiting until it fits into half the bound, or nothing waits: a frame longer than that has its turn
     * too. The other half is left to {@link #offer}, whose callers can't wait. For the peer's own thread, which then reads
     * nothing more from it; does nothing once the queue is closed.
     */
    @Override
    public void put(Frame frame) throws InterruptedException {
        while (!offer(frame, true) && end == null) {
            if (WAITER.compareAndSet(this, (Thread) null, Thread.currentThread())) {
                while (!hasRoomFor(frame)
                        && end == null
                        && !Thread.currentThread().isInterrupted()) {
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
    }

    private boolean hasRoomFor(Frame frame) {
        if (frame.control()) {
            Node top = head;
            return takenControl + (top == null || top == IDLE ? 0 : top.control) + frame.length() <= CONTROL_ROOM;
        }
        long waiting = bytes();
        return waiting == 0 || waiting + frame.length() <= maxBytes / 2;
    }

    /** Whether the outbound loop has written everything and waits for more. A snapshot, for any thread. */
    boolean isIdle() {
        return head == IDLE && end == null;
    }

    /** Whether half of what may wait does. A snapshot, for any thread. */
    boolean isHalfFull() {
        return bytes() > maxBytes / 2;
    }

    /** Returns whether a frame waits that may overtake. A snapshot, for any thread. */
    boolean holdsControl() {
        Node top = head;
        return takenControl > 0 || top != null && top != IDLE && top.control > 0;
    }

    /** What waits; counted twice for a moment while a batch is being taken. */
    long bytes() {
        Node top = head;
        return taken + (top == null || top == IDLE ? 0 : top.data);
    }

    @Override
    public boolean offer(Frame frame, long timeout, TimeUnit unit) {
        throw new UnsupportedOperationException("nobody waits for a slow consumer");
    }

    @Override
    public Frame poll(long timeout, TimeUnit unit) {
        throw new UnsupportedOperationException("the outbound loop waits as long as it takes");
    }

    @Override
    public Iterator<Frame> iterator() {
        throw new UnsupportedOperationException("a frame is seen by taking it");
    }
}

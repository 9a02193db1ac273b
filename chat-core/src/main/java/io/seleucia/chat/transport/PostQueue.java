package io.seleucia.chat.transport;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The POSTs of one session: numbered from 1 on, carried out one after the other, each once. The threads of their requests {@link
 * #post}; the session's inbound loop takes the frames.
 *
 * <p>A POST is read whole before the first of its frames is carried out, so that one that breaks off has no effect and can be
 * repeated. One POST at a time is charged here; those that wait for their turn are charged by their own connections.
 */
public final class PostQueue {
    private static final int MAX_WAITING = 8;

    /** The outcome of a POST. */
    public enum Outcome {
        /** All its frames have been carried out, now or before. */
        DONE,
        /** Others before it have not come in time. */
        AHEAD,
        /** It has come, and its frames are still being carried out. */
        UNDER_WAY,
        /** Too many wait already. */
        TOO_MANY,
        /** The session has ended. */
        ENDED
    }

    /** How long a POST waits. */
    public record Waits(Duration forEarlier, Duration forItself) {}

    private final MemoryBudget memory;
    private final ReentrantLock lock = new ReentrantLock(); // guards all below
    private final Condition changed = lock.newCondition();
    private long next = 1; // the number of the POST that is under way, or is to come
    private byte[] body; // of the POST that is under way, or null
    private int start; // of its frames that are left
    private int waiting;
    private boolean ended;
    private IOException broken; // why the stream has ended, or null

    PostQueue(MemoryBudget memory) {
        this.memory = memory;
    }

    /** Hands in a POST, and blocks until its outcome is known. */
    Outcome post(long number, byte[] frames, Waits waits) throws InterruptedException {
        long began = System.nanoTime();
        lock.lock();
        try {
            if (number >= next && waiting == MAX_WAITING) {
                return Outcome.TOO_MANY;
            }
            waiting++;
            try {
                return awaitOutcome(number, frames, began, waits);
            } finally {
                waiting--;
            }
        } finally {
            lock.unlock();
        }
    }

    private Outcome awaitOutcome(long number, byte[] frames, long began, Waits waits) throws InterruptedException {
        while (!ended) {
            if (number < next) {
                return Outcome.DONE;
            }
            if (number == next && body == null) {
                begin(frames);
            }
            long limit = (number > next ? waits.forEarlier : waits.forItself).toNanos();
            long left = began + limit - System.nanoTime();
            if (left <= 0) {
                return number > next ? Outcome.AHEAD : Outcome.UNDER_WAY;
            }
            changed.await(left, TimeUnit.NANOSECONDS);
        }
        return Outcome.ENDED;
    }

    private void begin(byte[] frames) {
        memory.charge(Part.INCOMING, frames.length);
        body = frames;
        start = 0;
        changed.signalAll();
    }

    /** Returns whether a frame waits. */
    boolean hasFrame() {
        lock.lock();
        try {
            return hasFrames();
        } finally {
            lock.unlock();
        }
    }

    private boolean hasFrames() {
        return body != null && start < body.length;
    }

    /** Notes that all frames that were taken have been carried out. If they were the last of a POST, that is done. */
    void carriedOut() {
        lock.lock();
        try {
            if (body != null && start >= body.length) {
                release();
                next++;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Blocks until a frame waits, or a POST without frames.
     *
     * @throws IOException if the stream has ended
     */
    void await() throws IOException {
        lock.lock();
        try {
            while (body == null && broken == null) {
                changed.awaitUninterruptibly();
            }
            if (broken != null) {
                throw broken;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes the next frame; null if none waits. */
    byte[] take() {
        lock.lock();
        try {
            if (!hasFrames()) {
                return null;
            }
            int end = start;
            while (end < body.length && body[end] != '\n') {
                end++;
            }
            byte[] frame = Arrays.copyOfRange(body, start, end);
            start = end + 1;
            return frame;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the bytes of the POST that is under way. */
    int bytes() {
        lock.lock();
        try {
            return body == null ? 0 : body.length;
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more POSTs. Those that wait learn that the session has ended. */
    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Notes that the stream has ended, at which {@link #await} throws. Returns false if the session had ended before. */
    boolean breakOff(IOException why) {
        lock.lock();
        try {
            boolean first = !ended;
            ended = true;
            broken = broken == null ? why : broken;
            changed.signalAll();
            return first;
        } finally {
            lock.unlock();
        }
    }

    /** Releases the memory, after the inbound loop has ended. */
    void close() {
        breakOff(new EOFException("the session has ended"));
        lock.lock();
        try {
            release();
        } finally {
            lock.unlock();
        }
    }

    private void release() {
        if (body != null) {
            memory.charge(Part.INCOMING, -body.length);
            body = null;
        }
    }
}

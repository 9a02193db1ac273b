package io.seleucia.chat.broker.memory;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/**
 * Channels in classes by the memory that their histories and keys take, so that one of the largest is found in constant time. A
 * channel's class is the power of two that its bytes have reached. Any thread; does not block.
 *
 * @param <C> the channels
 */
final class ChannelSizes<C> {
    /** The class of unused channels that hold nothing but a position. */
    static final int UNUSED = 0;

    /** The class of all other channels that hold nothing. */
    static final int NONE = -1;

    private final ReentrantLock lock = new ReentrantLock(); // inside those of channels; guards the sets
    private final List<LinkedHashSet<C>> classes = IntStream.rangeClosed(UNUSED, Long.SIZE)
            .mapToObj(sizeClass -> new LinkedHashSet<C>())
            .toList();

    /** Returns the class of a number of bytes other than 0. */
    static int of(long bytes) {
        return Long.SIZE - Long.numberOfLeadingZeros(bytes);
    }

    /** Moves a channel from one class to another. Called with the channel's lock. */
    void move(C channel, int from, int to) {
        lock.lock();
        try {
            if (to != NONE) {
                add(channel, classes.get(to)); // first: it may fail for lack of memory
            }
            if (from != NONE) {
                classes.get(from).remove(channel);
            }
        } finally {
            lock.unlock();
        }
    }

    private void add(C channel, Set<C> to) {
        try {
            to.add(channel);
        } catch (Throwable e) {
            to.remove(channel); // it is there if only the table could not grow
            throw e;
        }
    }

    /** Returns channels that hold something, of the largest class first, and longest in their class first. */
    List<C> largest(int max) {
        lock.lock();
        try {
            return classes.subList(UNUSED + 1, classes.size()).reversed().stream()
                    .flatMap(LinkedHashSet::stream)
                    .limit(max)
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /** Returns channels of the class {@link #UNUSED}, longest in it first. */
    List<C> unused(int max) {
        lock.lock();
        try {
            return classes.get(UNUSED).stream().limit(max).toList();
        } finally {
            lock.unlock();
        }
    }
}

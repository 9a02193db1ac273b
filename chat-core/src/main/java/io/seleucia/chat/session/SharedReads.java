package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Histories for sessions that come back: a channel's is read by one at a time, for all who wait by then. When a server
 * has died and thousands come at once, its broker is asked as often as their positions differ by a page, not as often as
 * there are sessions. Nothing is given to a session that was read before it asked.
 */
final class SharedReads {
    private static final int PAGE = 100;
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(12); // longer than the broker may take

    /**
     * A stretch of history.
     *
     * @param before where the channel was on this server before it was read
     */
    record Read(Position before, Broker.Page page) {}

    private final Broker broker;
    private final ConcurrentHashMap<Channel, Line> lines = new ConcurrentHashMap<>(); // where somebody reads

    SharedReads(Broker broker) {
        this.broker = broker;
    }

    /**
     * The oldest messages after an offset. Blocks.
     *
     * @throws UnavailableException also if too many pages are wanted by others before
     */
    Read after(Channel channel, long offset) throws UnavailableException {
        Line line = lines.compute(channel, (key, present) -> {
            Line used = present == null ? new Line(channel) : present;
            used.users++;
            return used;
        });
        try {
            return line.read(new Reader(offset));
        } finally {
            lines.compute(channel, (key, present) -> --line.users == 0 ? null : line);
        }
    }

    /** How many wait for a channel's history. */
    int waiting(Channel channel) {
        Line line = lines.get(channel);
        return line == null ? 0 : line.waiting();
    }

    /** Somebody who waits; all but the offset is guarded by the line's lock. */
    private static final class Reader {
        private final long after;
        private Read read;
        private UnavailableException failure;

        private Reader(long after) {
            this.after = after;
        }
    }

    /** Who waits for one channel's history. */
    private final class Line {
        private final Channel channel;
        private final ReentrantLock lock = new ReentrantLock(); // guards the two below; not held while the broker reads
        private final Condition changed = lock.newCondition();
        private final Set<Reader> waiting = new LinkedHashSet<>();
        private boolean reading;
        private int users; // guarded by the map of lines

        private Line(Channel channel) {
            this.channel = channel;
        }

        private Read read(Reader mine) throws UnavailableException {
            long deadline = System.nanoTime() + LONGEST_NANOS;
            lock.lock();
            try {
                waiting.add(mine);
                while (mine.read == null && mine.failure == null) {
                    if (!reading) {
                        readForAll(mine);
                    } else if (changed.awaitNanos(deadline - System.nanoTime()) <= 0) {
                        throw new UnavailableException("too many read the history of " + channel.name(), null);
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new UnavailableException("interrupted while waiting for the history", e);
            } finally {
                waiting.remove(mine);
                lock.unlock();
            }
            if (mine.failure != null) {
                throw new UnavailableException(mine.failure.getMessage(), mine.failure);
            }
            return mine.read;
        }

        private int waiting() {
            lock.lock();
            try {
                return waiting.size();
            } finally {
                lock.unlock();
            }
        }

        /**
         * Reads a page for who has waited longest, and gives it to all who can use it. Gives up the lock meanwhile.
         *
         * @param mine whoever reads, and is alone concerned when it is interrupted
         */
        private void readForAll(Reader mine) {
            Reader first = waiting.iterator().next();
            List<Reader> sharing =
                    waiting.stream().filter(one -> one.after >= first.after).toList();
            Read read = null;
            UnavailableException failure = new UnavailableException("the history could not be read", null);
            reading = true;
            lock.unlock();
            try {
                Position before = channel.newest();
                read = new Read(before, broker.historyAfter(channel.name(), first.after, PAGE));
            } catch (UnavailableException e) {
                failure = e;
            } finally {
                lock.lock();
                reading = false;
                changed.signalAll(); // first, for whatever fails below, others can read for themselves
                boolean interrupted = read == null && Thread.currentThread().isInterrupted();
                for (Reader one : interrupted ? List.of(mine) : sharing) {
                    if (read == null) {
                        one.failure = failure;
                        waiting.remove(one);
                    } else if (one == first || reaches(read.page, one.after)) {
                        one.read = new Read(read.before, from(one.after, read.page));
                        waiting.remove(one);
                    }
                }
            }
        }
    }

    /** Whether what comes after an offset is in the page, as much of it as there is. */
    private static boolean reaches(Broker.Page page, long after) {
        return page.messages().isEmpty()
                || page.messages().getLast().position().offset()
                        > Math.min(after, page.position().offset() - 1);
    }

    private static Broker.Page from(long after, Broker.Page page) {
        List<Message> messages = page.messages();
        int known = 0;
        while (known < messages.size() && messages.get(known).position().offset() <= after) {
            known++;
        }
        return new Broker.Page(page.position(), messages.subList(known, messages.size()));
    }
}

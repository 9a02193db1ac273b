package io.seleucia.chat.channel;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.RefCountedMap;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The reader of histories for sessions that come back. Of each channel, one session at a time reads a page, for all that wait
 * for it. When thousands come back at once, the broker is asked once for each page, not once for each session. A session
 * never gets a page that was read before it asked.
 */
final class CoalescingHistoryReader {
    private static final int PAGE = 100;
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(12); // more than any broker may take

    /**
     * A stretch of history. It is charged until it is closed.
     *
     * @param before the channel's position on this server before it was read
     * @param deletions a mark of the channel's deletions before it was read
     */
    record Read(Position before, long deletions, Broker.Page page, PageMemory memory) implements AutoCloseable {
        @Override
        public void close() {
            memory.close();
        }
    }

    private final Broker broker;
    private final MemoryBudget memory;
    private final RefCountedMap<Channel, Line> lines = new RefCountedMap<>(); // with sessions that read

    CoalescingHistoryReader(Broker broker, MemoryBudget memory) {
        this.broker = broker;
        this.memory = memory;
    }

    /**
     * Returns the oldest messages after an offset. Blocks.
     *
     * @throws UnavailableException also if too many other pages are read before
     */
    Read after(Channel channel, long offset) throws UnavailableException {
        Line line = lines.acquire(channel, Line::new);
        try {
            return line.read(new Reader(offset));
        } finally {
            lines.release(channel, line);
        }
    }

    /** Returns the number of sessions that wait for a channel's history. */
    int waiting(Channel channel) {
        return lines.get(channel).map(Line::waiting).orElse(0);
    }

    /** A session that waits. The line's lock guards the fields except the offset. */
    private static final class Reader {
        private final long after;
        private Read read;
        private UnavailableException failure;

        private Reader(long after) {
            this.after = after;
        }
    }

    /** The sessions that wait for one channel's history. */
    private final class Line {
        private final Channel channel;
        private final ReentrantLock lock = new ReentrantLock(); // guards the two below; not held while the broker reads
        private final Condition changed = lock.newCondition();
        private final Set<Reader> waiting = new LinkedHashSet<>();
        private boolean reading;

        private Line(Channel channel) {
            this.channel = channel;
        }

        private Read read(Reader mine) throws UnavailableException {
            long deadline = System.nanoTime() + LONGEST_NANOS;
            boolean given = false;
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
                given = true;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new UnavailableException("interrupted while waiting for the history", e);
            } finally {
                waiting.remove(mine);
                if (!given && mine.read != null) {
                    mine.read.close();
                }
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
         * Reads a page for the session that has waited longest, and gives it to all that can use it. Releases the lock meanwhile.
         *
         * @param mine the session whose thread reads; an interrupt of that concerns no other session
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
                long deletions = channel.deletions().mark();
                read = charged(before, deletions, broker.historyAfter(channel.name(), first.after, PAGE));
            } catch (UnavailableException e) {
                failure = e;
            } finally {
                lock.lock();
                reading = false;
                changed.signalAll(); // first: if something fails below, others can read for themselves
                boolean interrupted = read == null && Thread.currentThread().isInterrupted();
                for (Reader one : interrupted ? List.of(mine) : sharing) {
                    if (read == null) {
                        one.failure = failure;
                        waiting.remove(one);
                    } else if (one == first || reaches(read.page, one.after)) {
                        one.read =
                                new Read(read.before, read.deletions, from(one.after, read.page), read.memory.share());
                        waiting.remove(one);
                    }
                }
                if (read != null) {
                    read.close(); // the sessions that were given it hold it now
                }
            }
        }
    }

    /** Returns a page cut to a stretch that is not too long, and charged. */
    private Read charged(Position before, long deletions, Broker.Page page) {
        List<Message> messages = page.messages().subList(0, PageMemory.fitting(page.messages()));
        return new Read(
                before, deletions, new Broker.Page(page.position(), messages), new PageMemory(memory, messages));
    }

    /** Returns whether the page has the messages after an offset, as far as there are any. */
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

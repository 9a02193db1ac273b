package io.seleucia.chat.broker.journal;

import io.seleucia.chat.broker.Fsync;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The segment that a journal appends to, and the change to the next one. One thread at a time appends or begins a segment;
 * any thread may call {@link #current}, {@link #sealed} and {@link #isUnsynced}.
 */
final class ActiveSegment {
    private static final Logger LOG = System.getLogger(ActiveSegment.class.getName());
    private static final int SEGMENTS_IN_A_LIFETIME = 8;

    private final JournalDirectory directory;
    private final JournalOptions options;
    private final Queue<Segment> sealed = new ConcurrentLinkedQueue<>(); // to be synced and closed
    private volatile boolean unsynced;
    private volatile Segment current;
    private JournalRecord.Start start; // begins every segment
    private long begunAt; // when the current segment was begun or reopened
    private long emptyBytes; // its size then

    ActiveSegment(JournalDirectory directory, JournalOptions options) {
        this.directory = directory;
        this.options = options;
    }

    Segment current() {
        return current;
    }

    /** Returns the segments that have been sealed and must still be synced and closed. */
    Queue<Segment> sealed() {
        return sealed;
    }

    /** Returns whether anything has been written since the last call of {@link #setUnsynced} with {@code false}. */
    boolean isUnsynced() {
        return unsynced;
    }

    void setUnsynced(boolean unsynced) {
        this.unsynced = unsynced;
    }

    /** Continues a segment that an earlier process began. */
    void reopen(Segment segment) {
        current = segment;
        begunAt = System.nanoTime();
    }

    JournalRecord.Start start() {
        return start;
    }

    void setStart(JournalRecord.Start start) {
        this.start = start;
    }

    boolean isFull() {
        return current.size() > options.segmentBytes();
    }

    /** Appends records, and syncs them if each write is synced. Removes them if that fails. */
    void append(List<byte[]> records) throws IOException {
        long before = current.size();
        try {
            current.append(records);
            if (options.fsync() == Fsync.ALWAYS) {
                current.force();
            }
        } catch (Throwable e) {
            current.cut(before, e);
            throw e;
        }
        current.commit();
        unsynced = true;
    }

    /** Begins the next segment if this one is old and not empty. */
    void rollIfOld() {
        long age = System.nanoTime() - begunAt;
        if (current.size() > emptyBytes
                && age > options.keep().dividedBy(SEGMENTS_IN_A_LIFETIME).toNanos()) {
            try {
                roll();
            } catch (IOException e) {
                LOG.log(Level.DEBUG, () -> "no new segment yet: " + e);
            }
        }
    }

    /** Seals the segment, and begins the next one. If that fails, this one continues. */
    void roll() throws IOException {
        roll(current.number() + 1);
    }

    /** Seals the active segment, if there is one, and begins another. If that fails, the first one continues. */
    void roll(long number) throws IOException {
        Segment former = current;
        Segment next = null;
        try {
            if (former != null) {
                former.append(List.of(new JournalRecord.Sealed().encoded()));
                if (options.fsync() == Fsync.ALWAYS) {
                    former.force();
                }
            }
            next = Segment.create(directory.segment(number), number);
            next.append(List.of(start.encoded()));
            if (options.fsync() == Fsync.ALWAYS) {
                next.force(); // else a power failure could leave a file that looks damaged
            }
            if (options.fsync() != Fsync.NEVER) {
                directory.force();
            }
            if (former != null) {
                sealed.add(former);
            }
        } catch (Throwable e) {
            if (next != null) {
                next.discard(e);
            }
            if (former != null) {
                former.cut(former.committed(), e); // no record may ever follow its end
            }
            throw e;
        }
        if (former != null) {
            former.commit();
        }
        next.commit();
        unsynced = true;
        current = next;
        emptyBytes = next.size();
        begunAt = System.nanoTime();
    }
}

package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The index of the active segment. A lookup first reads the records written since the last lookup, so that publishers do
 * nothing for it. Any thread; lookups wait for each other.
 */
final class ActiveSegmentIndex {
    private final Supplier<Segment> active;
    private final JournalDirectory directory;

    private final ReentrantLock lock = new ReentrantLock(); // guards the index; held while the segment is read
    private SegmentIndexer index = new SegmentIndexer(0);

    ActiveSegmentIndex(Supplier<Segment> active, JournalDirectory directory) {
        this.active = active;
        this.directory = directory;
    }

    /** The messages of a channel in the active segment, which has this number. */
    record Seen(long segment, List<OffsetRange> ranges) {}

    /** A lookup in an index. */
    interface Use<T> {
        T of(SegmentIndex index) throws IOException;
    }

    /** Returns the messages of a channel in the active segment. Throws if another segment is active by now. */
    Seen look(String channel) throws IOException {
        return look(channel, channel);
    }

    /** Returns what is indexed under a name, or if nothing is, under another one, as {@link #look(String)} does. */
    Seen look(String name, String otherwise) throws IOException {
        lock.lock();
        try {
            Segment current = active.get();
            if (index.segment() != current.number()) {
                index = new SegmentIndexer(current.number());
            }
            long end = current.committed();
            try (SegmentReader reader = directory
                    .read(current.number(), SegmentReader.WHOLE)
                    .orElseThrow(() -> new IOException("journal file " + current.number() + " is missing"))) {
                if (!reader.hasHead() || reader.magic() != current.magic()) {
                    throw new FilesChangedException(); // it was sealed meanwhile, and replaced by a deletion
                }
                reader.endAt(end);
                index.readOn(reader, false, damage -> {}); // the start has reported it
            }
            List<OffsetRange> ranges = index.ranges(name);
            return new Seen(index.segment(), ranges.isEmpty() ? index.ranges(otherwise) : ranges);
        } finally {
            lock.unlock();
        }
    }

    /** Looks something up in a range of the active segment. Throws if another segment is active by now. */
    <T> T use(OffsetRange range, Use<T> what) throws IOException {
        lock.lock();
        try {
            if (index.segment() != range.segment()) {
                throw new FilesChangedException();
            }
            return what.of(index);
        } finally {
            lock.unlock();
        }
    }
}

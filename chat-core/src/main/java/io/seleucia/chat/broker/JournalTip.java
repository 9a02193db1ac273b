package io.seleucia.chat.broker;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The index of the segment that is being written. Publishing does nothing for it: whoever looks something up first reads
 * what was written since the last time.
 */
final class JournalTip {
    private final Journal journal;
    private final JournalDirectory directory;

    // Guards the index, and is held while the segment is read: those who look something up wait for each other.
    private final ReentrantLock lock = new ReentrantLock();
    private JournalIndexer index = new JournalIndexer(0);

    JournalTip(Journal journal, JournalDirectory directory) {
        this.journal = journal;
        this.directory = directory;
    }

    /**
     * What there is of a channel in the segment that is being written.
     *
     * @param segment its number
     */
    record Seen(long segment, List<JournalIndex.Stretch> stretches) {}

    /** Does something with the index. */
    interface Use<T> {
        T of(JournalIndex index) throws IOException;
    }

    /**
     * Looks into the segment that is being written.
     *
     * @throws JournalTrails.ChangedException if another one is being written by now
     */
    Seen look(String channel) throws IOException {
        lock.lock();
        try {
            JournalSegment current = journal.current();
            if (index.segment() != current.number()) {
                index = new JournalIndexer(current.number());
            }
            long end = current.committed();
            try (JournalReader reader = directory
                    .read(current.number(), JournalReader.WHOLE)
                    .orElseThrow(() -> new IOException("journal file " + current.number() + " is missing"))) {
                if (!reader.hasHead() || reader.mark() != current.mark()) {
                    throw new JournalTrails.ChangedException(); // it was over meanwhile, and replaced by a deletion
                }
                reader.endAt(end);
                index.readOn(reader, damage -> {}); // a start has reported it
            }
            return new Seen(index.segment(), index.stretches(channel));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Looks something up in a stretch of this segment.
     *
     * @throws JournalTrails.ChangedException if another segment is being written by now
     */
    <T> T use(JournalIndex.Stretch stretch, Use<T> what) throws IOException {
        lock.lock();
        try {
            if (index.segment() != stretch.segment()) {
                throw new JournalTrails.ChangedException();
            }
            return what.of(index);
        } finally {
            lock.unlock();
        }
    }
}

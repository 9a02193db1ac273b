package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.memory.MemoryBudget;
import java.io.IOException;
import java.nio.file.Path;

/** Brokers with a journal in files of another size. */
public final class JournaledBrokers {
    private JournaledBrokers() {}

    /**
     * One that syncs as it does by default.
     *
     * @param segmentBytes when the next file begins; null for the default
     */
    public static InMemoryBroker open(Retention retention, Path directory, Long segmentBytes) throws IOException {
        long size = segmentBytes == null ? Journal.SEGMENT_BYTES : segmentBytes;
        return InMemoryBroker.open(
                retention, directory, Fsync.INTERVAL, size, MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE));
    }
}

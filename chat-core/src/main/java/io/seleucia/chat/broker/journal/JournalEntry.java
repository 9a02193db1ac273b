package io.seleucia.chat.broker.journal;

import java.util.Optional;

/** An entry that waits to be written. The {@link JournalWriter} calls its methods. */
public interface JournalEntry {
    /** Returns the record to write; empty if it is no longer wanted. */
    Optional<JournalRecord> record();

    /** Learns that the record is written in this segment: the next start reads it. */
    void written(long segment);

    /** Learns that the record is not written: no start will read it. */
    void failed(Throwable why);

    /** Returns about how much memory the entry takes. Any thread may call it. */
    long bytes();
}

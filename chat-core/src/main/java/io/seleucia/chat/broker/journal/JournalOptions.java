package io.seleucia.chat.broker.journal;

import io.seleucia.chat.broker.Fsync;
import java.time.Duration;

/**
 * The settings of a journal.
 *
 * @param keep how long a start needs a segment after it was last written
 * @param archive how long a segment stays readable after that time; zero: no longer than a start needs it
 * @param segmentBytes the size at which a segment is sealed
 * @param erasing how long the content of a deleted message may stay in the files, besides the time of rewriting them
 */
public record JournalOptions(Fsync fsync, Duration keep, Duration archive, long segmentBytes, Duration erasing) {
    /** Five minutes: then deletions cost no more than a new segment, and a copy of each that holds some, in that time. */
    public static final Duration ERASING = Duration.ofMinutes(5);

    public JournalOptions(Fsync fsync, Duration keep, Duration archive, long segmentBytes) {
        this(fsync, keep, archive, segmentBytes, ERASING);
    }
}

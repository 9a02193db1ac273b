package io.seleucia.chat.broker.journal;

import io.seleucia.chat.broker.Fsync;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * The settings of a journal.
 *
 * @param lifetime returns how long a start needs a segment after it was last written; may change
 * @param archive how long a segment stays readable after that time; zero: no longer than a start needs it
 * @param segmentBytes the size at which a segment is sealed
 * @param erasing how long a deletion waits for others before segments are copied without the content of deleted messages. See
 *     {@link Eraser}
 */
public record JournalOptions(
        Fsync fsync, Supplier<Duration> lifetime, Duration archive, long segmentBytes, Duration erasing) {
    /**
     * Six hours. With an age of the history of a day, a segment is sealed before that, so that deletions begin no segment.
     * Content is gone after 12 hours and the time of copying the segments that have some.
     */
    public static final Duration ERASING = Duration.ofHours(6);

    public JournalOptions(Fsync fsync, Duration keep, Duration archive, long segmentBytes, Duration erasing) {
        this(fsync, () -> keep, archive, segmentBytes, erasing);
    }

    public JournalOptions(Fsync fsync, Duration keep, Duration archive, long segmentBytes) {
        this(fsync, keep, archive, segmentBytes, ERASING);
    }

    /** Returns how long a start needs a segment after it was last written. */
    public Duration keep() {
        return lifetime.get();
    }
}

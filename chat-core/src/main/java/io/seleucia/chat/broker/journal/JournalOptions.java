package io.seleucia.chat.broker.journal;

import io.seleucia.chat.broker.Fsync;
import java.time.Duration;

/**
 * The settings of a journal.
 *
 * @param keep how long a start needs a segment after it was last written
 * @param archive how long a segment stays readable after that time; zero: no longer than a start needs it
 * @param segmentBytes the size at which a segment is sealed
 */
public record JournalOptions(Fsync fsync, Duration keep, Duration archive, long segmentBytes) {}

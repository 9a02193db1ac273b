package io.seleucia.chat.faults;

import io.seleucia.chat.message.Position;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a run leaves to be judged.
 *
 * @param tracks what every member was shown of every channel
 * @param acknowledged every acknowledgement of every publish
 * @param histories what the servers gave as their histories in the end
 * @param orderly the members whose messages must stand in each channel in the order in which they published them
 * @param deletions what was deleted meanwhile
 * @param presences who was said to be in which channel
 * @param departures who was said to have left, and had not
 * @param life what was said about messages, and how far they were read
 */
record Evidence(
        List<Track> tracks,
        List<Stored> acknowledged,
        List<History> histories,
        Set<String> orderly,
        Deletions deletions,
        List<Presences> presences,
        List<Departures.Departure> departures,
        Life life) {
    /** Nobody is orderly, nothing was deleted, nobody asked who is there. */
    Evidence(List<Track> tracks, List<Stored> acknowledged, List<History> histories) {
        this(tracks, acknowledged, histories, Set.of());
    }

    /** Nothing was deleted, nobody asked who is there. */
    Evidence(List<Track> tracks, List<Stored> acknowledged, List<History> histories, Set<String> orderly) {
        this(tracks, acknowledged, histories, orderly, new Deletions(), List.of(), List.of(), Life.NONE);
    }

    /** A message's place, as an acknowledgement or a history has it. */
    record Stored(String channel, Position position, String id) {}

    /**
     * A channel's history, read to its end.
     *
     * @param end the channel's newest position
     * @param messages oldest first
     * @param asked when reading it began
     * @param log the same messages in full
     * @param folded the messages as they are now, read when nobody spoke any more; empty if they were not read
     */
    record History(
            String channel,
            Position end,
            List<Stored> messages,
            long asked,
            List<Said> log,
            Optional<List<Folded>> folded) {
        /** Read before anything was deleted. */
        History(String channel, Position end, List<Stored> messages) {
            this(channel, end, messages, Long.MIN_VALUE);
        }

        /** As places only. */
        History(String channel, Position end, List<Stored> messages, long asked) {
            this(channel, end, messages, asked, List.of(), Optional.empty());
        }

        /** Read as it was published. */
        static History of(String channel, Position end, List<Said> log, long asked) {
            List<Stored> messages = log.stream()
                    .map(said -> new Stored(channel, end.at(said.offset()), said.id()))
                    .toList();
            return new History(channel, end, messages, asked, log, Optional.empty());
        }

        /** The same, and what the messages are now. */
        History with(List<Folded> now) {
            return new History(channel, end, messages, asked, log, Optional.of(now));
        }
    }

    /**
     * What members said about messages, and how far they said that they had read.
     *
     * @param deleted the deletions of single messages that were acknowledged
     * @param refusals the references that were refused for good
     * @param trespasses what ought to have been refused, but was acknowledged
     * @param marks of all members
     * @param last how far each server said in the end that members had read
     * @param forgetful whether the store was put back, so that an offset may be another message's, and marks may be gone
     */
    record Life(
            List<Outbox.Deleted> deleted,
            List<Outbox.Refusal> refusals,
            List<Publication> trespasses,
            List<Marks> marks,
            List<LastMark> last,
            boolean forgetful) {
        static final Life NONE = new Life(List.of(), List.of(), List.of(), List.of(), List.of(), true);
    }

    /** How far a member has read a channel, and how much is unread, as a server says it in the end. */
    record LastMark(String member, String channel, long offset, int unread, boolean more) {}
}

package io.seleucia.chat.faults;

import io.seleucia.chat.message.Position;
import java.util.List;
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
 */
record Evidence(
        List<Track> tracks,
        List<Stored> acknowledged,
        List<History> histories,
        Set<String> orderly,
        Deletions deletions,
        List<Presences> presences,
        List<Departures.Departure> departures) {
    /** Nobody is orderly, nothing was deleted, nobody asked who is there. */
    Evidence(List<Track> tracks, List<Stored> acknowledged, List<History> histories) {
        this(tracks, acknowledged, histories, Set.of());
    }

    /** Nothing was deleted, nobody asked who is there. */
    Evidence(List<Track> tracks, List<Stored> acknowledged, List<History> histories, Set<String> orderly) {
        this(tracks, acknowledged, histories, orderly, new Deletions(), List.of(), List.of());
    }

    /** A message's place, as an acknowledgement or a history has it. */
    record Stored(String channel, Position position, String id) {}

    /**
     * A channel's history, read to its end.
     *
     * @param end the channel's newest position
     * @param messages oldest first
     * @param asked when reading it began
     */
    record History(String channel, Position end, List<Stored> messages, long asked) {
        /** Read before anything was deleted. */
        History(String channel, Position end, List<Stored> messages) {
            this(channel, end, messages, Long.MIN_VALUE);
        }
    }
}

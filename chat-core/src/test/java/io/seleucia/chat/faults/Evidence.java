package io.seleucia.chat.faults;

import io.seleucia.chat.message.Position;
import java.util.List;

/**
 * What a run leaves to be judged.
 *
 * @param tracks what every member was shown of every channel
 * @param acknowledged every acknowledgement of every publish
 * @param histories what the servers gave as their histories in the end
 */
record Evidence(List<Track> tracks, List<Stored> acknowledged, List<History> histories) {
    /** A message's place, as an acknowledgement or a history has it. */
    record Stored(String channel, Position position, String id) {}

    /**
     * A channel's history, read to its end.
     *
     * @param end the channel's newest position
     * @param messages oldest first
     */
    record History(String channel, Position end, List<Stored> messages) {}
}

package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import io.seleucia.chat.message.Position;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** What one member was shown, channel by channel; its inbox is one of them, named {@code @name}. Not thread-safe. */
final class Tracks {
    private final String member;
    private final Targets targets;
    private final Map<String, Track> tracks = new HashMap<>();
    private final Map<String, Long> asked = new HashMap<>(); // when a channel was last asked for

    /** Tells what is shown to those targets too. */
    Tracks(String member, Targets targets) {
        this.member = member;
        this.targets = targets;
    }

    boolean has(String channel) {
        return tracks.containsKey(channel);
    }

    /** Where the member is in a channel that it has been in, as the request says it that is now sent. */
    JsonObject since(String channel) {
        asked.put(channel, System.nanoTime());
        return json(tracks.get(channel).last());
    }

    /** A position, as a request says it. */
    static JsonObject json(Position position) {
        JsonObject since = new JsonObject();
        since.addProperty("epoch", position.epoch());
        since.addProperty("offset", position.offset());
        return since;
    }

    /** A subscription stands: the first, or one that says how much it recovers. */
    void subscribed(String channel, JsonObject recovery) {
        Position at = position(recovery);
        if (!has(channel)) {
            tracks.put(channel, new Track(member, channel, at));
        } else if (recovery.get("recovered").getAsBoolean()) {
            tracks.get(channel).add(new Track.Shown.Resumed(at, asked.get(channel)));
        } else {
            lost(channel, at);
        }
    }

    void shown(String channel, JsonObject message) {
        Track track = tracks.get(channel);
        Said said = Said.of(channel, message);
        Position position = track.last().at(said.offset());
        track.add(new Track.Shown.Message(position, said));
        targets.shown(position, said);
    }

    void lost(JsonObject lost) {
        lost(lost.get("channel").getAsString(), position(lost));
    }

    private void lost(String channel, Position at) {
        tracks.get(channel).add(new Track.Shown.Lost(at));
        targets.lost(channel);
    }

    /** Where the member is in a channel that it has been in. */
    Position last(String channel) {
        return tracks.get(channel).last();
    }

    /** Returns when the channel was last asked for. */
    long asked(String channel) {
        return asked.getOrDefault(channel, Long.MIN_VALUE);
    }

    /** Whether everything is read that is mentioned there. */
    boolean areAt(Map<String, Position> ends) {
        return tracks.values().stream()
                .allMatch(track -> track.last().equals(ends.getOrDefault(track.channel(), track.last())));
    }

    Collection<Track> all() {
        return tracks.values();
    }

    /** The position in a reply or a push that has an epoch. */
    static Position position(JsonObject json) {
        return new Position(json.get("epoch").getAsString(), json.get("offset").getAsLong());
    }

    @Override
    public String toString() {
        return tracks.values().stream()
                .map(track -> track.channel() + " " + track.last().offset())
                .sorted()
                .toList()
                .toString();
    }
}

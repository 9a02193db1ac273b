package io.seleucia.chat.faults;

import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A member of one channel, who does one thing after the other, and notes what it is shown. */
final class Listening implements AutoCloseable {
    private final Speaker speaker;
    private final Track track;
    private final List<Stored> acknowledged = new ArrayList<>();
    private final Set<String> gone = new HashSet<>();

    private Listening(Speaker speaker, Track track) {
        this.speaker = speaker;
        this.track = track;
    }

    /** Joins at a server as soon as that works, told of who comes and goes. */
    static Listening join(int port, String name, String channel) throws Exception {
        return eventuallyGet(() -> {
            Speaker speaker = Speaker.connect(port, name);
            JsonObject request = Speaker.request("subscribe", channel);
            request.addProperty("presence", true);
            return new Listening(speaker, new Track(name, channel, Tracks.position(speaker.ask(request))));
        });
    }

    /** Leaves, and comes back at another server, from where it was. */
    Listening move(int port) throws Exception {
        close();
        return eventuallyGet(() -> {
            Speaker other = Speaker.connect(port, track.member());
            JsonObject request = Speaker.request("subscribe", track.channel());
            request.add("since", Tracks.json(track.last()));
            JsonObject reply = other.ask(request);
            Position position = Tracks.position(reply);
            boolean recovered = reply.get("recovered").getAsBoolean();
            track.add(recovered ? new Track.Shown.Resumed(position) : new Track.Shown.Lost(position));
            return new Listening(other, track);
        });
    }

    Speaker speaker() {
        return speaker;
    }

    Track track() {
        return track;
    }

    /** What of its own it was told to be published. */
    List<Stored> acknowledged() {
        return acknowledged;
    }

    /** Who was last said to have left. */
    Set<String> gone() {
        return gone;
    }

    /** Publishes; the position, if that was acknowledged. If not, it must have been refused as unavailable. */
    Optional<Position> publish(Publication publication) throws IOException {
        JsonObject reply = speaker.ask(publication.request());
        if (isUnavailable(reply)) {
            return Optional.empty();
        }
        Position position = Tracks.position(reply);
        acknowledged.add(new Stored(track.channel(), position, publication.id(track.member())));
        return Optional.of(position);
    }

    Position publishUntilAcknowledged(Publication publication) throws Exception {
        return eventuallyGet(() -> publish(publication).orElseThrow(() -> new IOException("unavailable")));
    }

    /** Whether the reply is that. No other error is expected. */
    static boolean isUnavailable(JsonObject reply) {
        JsonElement code = reply.get("code");
        assertThat(code == null || code.getAsString().equals("unavailable"))
                .as("%s", reply)
                .isTrue();
        return code != null;
    }

    /** Notes the next push, waiting for it. */
    void next() throws IOException {
        note(speaker.push());
    }

    /** Whether it was shown that. */
    boolean shows(Publication publication) {
        return track.shown().stream()
                .anyMatch(shown -> shown instanceof Track.Shown.Message message
                        && message.id().equals(publication.key()));
    }

    boolean isToldOfALoss() {
        return track.shown().stream().anyMatch(Track.Shown.Lost.class::isInstance);
    }

    /** Notes all that came before the answer to a ping, which must come. */
    void catchUp() throws IOException {
        assertThat(speaker.ask(Speaker.request("ping")).get("type").getAsString())
                .isEqualTo("pong");
        for (var push = speaker.pushed(); push.isPresent(); push = speaker.pushed()) {
            note(push.get());
        }
    }

    /** Reads until a position, behind which nothing must come. */
    void readTo(Position end) throws IOException {
        while (!track.last().equals(end)) {
            next();
        }
        catchUp();
        assertThat(track.last()).isEqualTo(end);
    }

    /** That its inbox is lost as well, after a flush, is another matter, and so is a goodbye. */
    private void note(JsonObject push) {
        if (!push.has("channel") || !push.get("channel").getAsString().equals(track.channel())) {
            return;
        }
        switch (push.get("type").getAsString()) {
            case "message" -> {
                Position position = track.last().at(push.get("offset").getAsLong());
                track.add(new Track.Shown.Message(position, Said.of(track.channel(), push)));
            }
            case "lost" -> track.add(new Track.Shown.Lost(Tracks.position(push)));
            case "joined" -> gone.remove(push.get("client").getAsString());
            case "left" -> gone.add(push.get("client").getAsString());
            default -> throw new AssertionError(push.toString());
        }
    }

    /** All read to the end of their channel's history, as a server has it; what they were shown is judged. */
    static Verdict judge(List<Listening> members, int port) throws IOException {
        Evidence.History history =
                HistoryReader.read(port, members.getFirst().track.channel());
        List<Track> tracks = new ArrayList<>();
        List<Stored> acknowledged = new ArrayList<>();
        for (Listening member : members) {
            member.readTo(history.end());
            tracks.add(member.track);
            acknowledged.addAll(member.acknowledged);
        }
        return Checker.judge(new Evidence(tracks, acknowledged, List.of(history)));
    }

    @Override
    public void close() {
        speaker.close();
    }
}

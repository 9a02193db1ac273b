package io.seleucia.chat.faults;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * One connection of a member, and the steps towards what is desired: a name and an inbox, all channels, everything
 * acknowledged. Not thread-safe.
 */
final class RawMemberSession {
    private static final long PAUSE_NANOS = 200_000_000L;

    private final ChatSocket socket;
    private final String name;
    private final String resume;
    private final String inbox;
    private final List<String> channels;
    private final Tracks tracks;
    private final Outbox outbox;
    private final MemberMarks marks;
    private final Member.Scene scene;
    private final Questions questions;
    private final List<String> surprises;
    private final Set<String> joined = new HashSet<>(); // channels, and the inbox
    private final Set<String> asked = new HashSet<>(); // to join, or to leave
    private long pauseTill = System.nanoTime();
    private long joinedAt; // the last that it joined

    RawMemberSession(
            ChatSocket socket,
            String name,
            String resume,
            List<String> channels,
            Tracks tracks,
            Outbox outbox,
            Marks marks,
            Member.Scene scene,
            List<String> surprises) {
        this.socket = socket;
        this.name = name;
        this.resume = resume;
        this.inbox = "@" + name;
        this.channels = channels;
        this.tracks = tracks;
        this.outbox = outbox;
        this.scene = scene;
        this.surprises = surprises;
        this.questions = new Questions(socket, surprises);
        this.marks = new MemberMarks(questions, marks, scene.forgetful(), surprises);
    }

    ChatSocket socket() {
        return socket;
    }

    /** Asks for what is missing, unless something was refused a moment ago. */
    void step() throws IOException {
        if (System.nanoTime() - pauseTill < 0) {
            return;
        }
        if (!joined.contains(inbox)) {
            if (asked.add(inbox)) {
                connect();
            }
            return;
        }
        for (String channel : channels) {
            if (!joined.contains(channel) && asked.add(channel)) {
                subscribe(channel);
            }
        }
        for (Publication publication : outbox.due()) {
            publish(publication);
        }
    }

    private void connect() throws IOException {
        JsonObject request = Speaker.request("connect");
        request.addProperty("client", name);
        request.addProperty("resume", resume); // so that its messages stay its own
        if (!tracks.has(inbox)) {
            questions.ask(request, connected -> introduce(), error -> refused(inbox));
            return;
        }
        request.add("inbox", tracks.since(inbox));
        questions.ask(
                request, connected -> joined(inbox, connected.get("inbox").getAsJsonObject()), error -> refused(inbox));
    }

    /** The first connection of all only serves to learn where the inbox begins; then it is left. */
    private void introduce() throws IOException {
        JsonObject request = Speaker.request("history", inbox);
        request.addProperty("limit", 1);
        questions.ask(
                request,
                history -> {
                    tracks.subscribed(inbox, history);
                    socket.close();
                },
                error -> socket.close());
    }

    private void subscribe(String channel) throws IOException {
        JsonObject request = Speaker.request("subscribe", channel);
        if (tracks.has(channel)) {
            request.add("since", tracks.since(channel));
        }
        request.addProperty("read", true);
        request.addProperty("receipts", true);
        long asked = System.nanoTime();
        questions.ask(
                request,
                subscribed -> {
                    joined(channel, subscribed);
                    marks.told(channel, subscribed.getAsJsonObject("read"), asked);
                },
                error -> refused(channel));
    }

    private void joined(String channel, JsonObject recovery) {
        asked.remove(channel);
        joined.add(channel);
        joinedAt = System.nanoTime();
        tracks.subscribed(channel, recovery);
    }

    private void refused(String channel) {
        asked.remove(channel);
        pauseTill = System.nanoTime() + PAUSE_NANOS;
    }

    /** Leaves a channel that it is in; the next step asks for it again. */
    void unsubscribe(String channel) throws IOException {
        if (joined.contains(channel) && asked.add(channel)) {
            questions.ask(
                    Speaker.request("unsubscribe", channel),
                    unsubscribed -> {
                        asked.remove(channel);
                        joined.remove(channel);
                    },
                    error -> refused(channel));
        }
    }

    /** In a channel only where that is possible: it is, after having left, as soon as one has come back. */
    private void publish(Publication publication) throws IOException {
        String channel = publication.channel();
        if (publication.isDirect() || joined.contains(channel) && !asked.contains(channel)) {
            outbox.sent(publication);
            questions.ask(
                    publication.request(),
                    reply -> acknowledged(publication, reply),
                    error -> refused(publication, error.get("code").getAsString()),
                    publication.ref().isPresent() ? scene.refusals() : Set.of());
        }
    }

    private void acknowledged(Publication publication, JsonObject reply) throws IOException {
        Optional<Position> own =
                Optional.ofNullable(reply.getAsJsonObject("own")).map(Tracks::position);
        outbox.acknowledged(publication, Optional.of(Tracks.position(reply)), own);
        boolean deletion = publication.request().get("data") == null;
        if (deletion && !scene.forgetful()) {
            lookAt(publication.shownIn(name), publication.ref().orElseThrow().offset());
        }
    }

    private void refused(Publication publication, String code) {
        if (publication.ref().isPresent() && scene.refusals().contains(code)) {
            outbox.refusedForGood(publication, code);
        } else {
            outbox.refused(publication);
        }
    }

    /** Asks for a message that is deleted, as it was published and as it is now. */
    private void lookAt(String channel, long offset) throws IOException {
        for (boolean folded : new boolean[] {false, true}) {
            JsonObject request = Speaker.request("history", channel);
            request.addProperty("after", offset - 1);
            request.addProperty("limit", 1);
            request.addProperty("folded", folded);
            questions.ask(
                    request,
                    page -> {
                        for (JsonElement one : page.getAsJsonArray("messages")) {
                            Said said = Said.of(channel, one.getAsJsonObject());
                            if (said.offset() == offset && said.text().isPresent()) {
                                surprises.add(name + " was shown what was deleted: " + said);
                            }
                        }
                    },
                    error -> {},
                    Set.of("not_subscribed")); // it may leave meanwhile
        }
    }

    /** Says how far it has read a channel that it is in. */
    void read(String channel, long offset) throws IOException {
        if (joined.contains(channel) && !asked.contains(channel)) {
            marks.read(channel, offset);
        }
    }

    void received(JsonObject frame) throws IOException {
        if (frame.has("id")) {
            questions.answered(frame);
            return;
        }
        switch (frame.get("type").getAsString()) {
            case "message" -> tracks.shown(frame.get("channel").getAsString(), frame);
            case "direct" -> {
                if (joined.contains(inbox)) {
                    tracks.shown(inbox, frame);
                }
            }
            case "lost" -> tracks.lost(frame);
            case "read" -> marks.pushed(name, frame);
            case "receipt" -> marks.pushed(frame.get("client").getAsString(), frame);
            default -> {} // a goodbye
        }
    }

    /** Whether it is in its inbox and all channels. */
    boolean isComplete() {
        return joined.contains(inbox) && joined.containsAll(channels);
    }

    /** Since when it is in all of them; empty while it is not, or is leaving one. */
    OptionalLong thereSince() {
        return isComplete() && asked.isEmpty() ? OptionalLong.of(joinedAt) : OptionalLong.empty();
    }

    /** Completes when everything that the server has sent before now is read. */
    CompletableFuture<Void> pong() throws IOException {
        CompletableFuture<Void> pong = new CompletableFuture<>();
        questions.ask(Speaker.request("ping"), reply -> pong.complete(null), error -> {});
        return pong;
    }
}

package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Looks into a channel in the middle of a run, as one who reads its history, and as one who comes back to it. */
final class Glimpse {
    private static final int BACK = 5; // fewer than a server has at hand, so that no page is read for it

    private final int port;
    private final String channel;

    Glimpse(int port, String channel) {
        this.port = port;
        this.channel = channel;
    }

    /** Where the channel is. */
    Position position() throws IOException {
        try (Speaker reader = Speaker.connect(port, "reader")) {
            return position(reader.ask(Speaker.request("subscribe", channel)));
        }
    }

    /** The whole history. */
    History history() throws IOException {
        return HistoryReader.read(port, channel);
    }

    /** What one is given who was a little behind that position and comes back now; empty if nothing is replayed. */
    Optional<History> recovery(Position before) throws IOException {
        try (Speaker reader = Speaker.connect(port, "reader")) {
            long asked = System.nanoTime();
            JsonObject request = Speaker.request("subscribe", channel);
            request.add("since", Tracks.json(before.at(Math.max(0, before.offset() - BACK))));
            JsonObject reply = reader.ask(request);
            Position end = position(reply);
            if (!reply.get("recovered").getAsBoolean()) {
                return Optional.empty();
            }
            reader.ask(Speaker.request("ping")); // which is answered behind what is replayed
            List<Said> messages = new ArrayList<>();
            for (var push = reader.pushed(); push.isPresent(); push = reader.pushed()) {
                boolean message = push.get().get("type").getAsString().equals("message");
                if (message && push.get().get("offset").getAsLong() <= end.offset()) {
                    messages.add(Said.of(channel, push.get()));
                }
            }
            return Optional.of(History.of(channel, end, messages, asked));
        }
    }

    private static Position position(JsonObject reply) throws IOException {
        if (!reply.has("epoch")) {
            throw new IOException(reply.toString());
        }
        return Tracks.position(reply);
    }
}

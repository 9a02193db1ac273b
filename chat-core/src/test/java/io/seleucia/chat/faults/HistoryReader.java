package io.seleucia.chat.faults;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Reads a channel's history as a client does, page by page. */
final class HistoryReader {
    private static final int PAGE = 500;

    private HistoryReader() {}

    /** The whole history of a channel, or of an inbox, in whose owner's name it is read then. */
    static History read(int port, String channel) throws IOException {
        try (Speaker reader = connect(port, channel)) {
            return published(reader, channel);
        }
    }

    /** The same, with the messages as they are now. Nothing may be published meanwhile. */
    static History readWithFolds(int port, String channel) throws IOException {
        try (Speaker reader = connect(port, channel)) {
            History history = published(reader, channel);
            List<JsonObject> messages = new ArrayList<>();
            read(reader, channel, true, messages);
            return history.with(messages.stream()
                    .map(message -> Folded.of(channel, message))
                    .toList());
        }
    }

    private static History published(Speaker reader, String channel) throws IOException {
        long asked = System.nanoTime();
        List<JsonObject> messages = new ArrayList<>();
        Position end = read(reader, channel, false, messages);
        return History.of(
                channel,
                end,
                messages.stream().map(message -> Said.of(channel, message)).toList(),
                asked);
    }

    /** Connects as one who may read it. */
    private static Speaker connect(int port, String channel) throws IOException {
        boolean inbox = channel.startsWith("@");
        Speaker reader = Speaker.connect(port, inbox ? channel.substring(1) : "reader");
        try {
            if (!inbox) {
                ask(reader, Speaker.request("subscribe", channel));
            }
            return reader;
        } catch (IOException e) {
            reader.close();
            throw e;
        }
    }

    /** Reads all pages, and returns the position of the channel then. */
    private static Position read(Speaker reader, String channel, boolean folded, List<JsonObject> messages)
            throws IOException {
        while (true) {
            JsonObject request = Speaker.request("history", channel);
            request.addProperty(
                    "after",
                    messages.isEmpty() ? 0 : messages.getLast().get("offset").getAsLong());
            request.addProperty("limit", PAGE);
            request.addProperty("folded", folded);
            JsonObject page = ask(reader, request);
            JsonArray found = page.get("messages").getAsJsonArray();
            if (found.isEmpty()) {
                return Tracks.position(page);
            }
            found.forEach(message -> messages.add(message.getAsJsonObject()));
        }
    }

    /** Any other error than being unavailable is a failure. */
    private static JsonObject ask(Speaker reader, JsonObject request) throws IOException {
        JsonObject reply = reader.ask(request);
        if (Listening.isUnavailable(reply)) {
            throw new IOException(reply.toString());
        }
        return reply;
    }
}

package io.seleucia.chat.faults;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.faults.Evidence.Stored;
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
        long asked = System.nanoTime();
        boolean inbox = channel.startsWith("@");
        try (Speaker reader = Speaker.connect(port, inbox ? channel.substring(1) : "reader")) {
            if (!inbox) {
                ask(reader, Speaker.request("subscribe", channel));
            }
            List<Stored> messages = new ArrayList<>();
            while (true) {
                JsonObject page = page(
                        reader,
                        channel,
                        messages.isEmpty() ? 0 : messages.getLast().position().offset());
                Position end = new Position(
                        page.get("epoch").getAsString(), page.get("offset").getAsLong());
                JsonArray found = page.get("messages").getAsJsonArray();
                if (found.isEmpty()) {
                    return new History(channel, end, messages, asked);
                }
                for (JsonElement element : found) {
                    JsonObject message = element.getAsJsonObject();
                    messages.add(
                            new Stored(channel, end.at(message.get("offset").getAsLong()), Publication.idOf(message)));
                }
            }
        }
    }

    private static JsonObject page(Speaker reader, String channel, long after) throws IOException {
        JsonObject request = Speaker.request("history", channel);
        request.addProperty("after", after);
        request.addProperty("limit", PAGE);
        return ask(reader, request);
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

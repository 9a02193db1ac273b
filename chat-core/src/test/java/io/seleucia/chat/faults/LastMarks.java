package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import io.seleucia.chat.faults.Evidence.LastMark;
import java.io.IOException;

/** Asks how far somebody has read a channel, as a further session of that client. */
final class LastMarks {
    private LastMarks() {}

    /** Returns what a subscription says. */
    static LastMark read(int port, String member, String channel) throws IOException {
        try (Speaker session = Speaker.connect(port, member)) {
            JsonObject request = Speaker.request("subscribe", channel);
            request.addProperty("read", true);
            JsonObject reply = session.ask(request);
            if (Listening.isUnavailable(reply)) {
                throw new IOException(reply.toString());
            }
            JsonObject read = reply.getAsJsonObject("read");
            return new LastMark(
                    member,
                    channel,
                    read.get("offset").getAsLong(),
                    read.get("unread").getAsInt(),
                    read.has("more"));
        }
    }
}

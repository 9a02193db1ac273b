package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import io.seleucia.chat.faults.Evidence.LastMark;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Asks how far somebody has read channels, as a further session of that client. */
final class LastMarks {
    private LastMarks() {}

    /** Returns what subscriptions say. */
    static List<LastMark> read(int port, String member, List<String> channels) throws IOException {
        List<LastMark> marks = new ArrayList<>();
        try (Speaker session = Speaker.connect(port, member)) {
            for (String channel : channels) {
                JsonObject request = Speaker.request("subscribe", channel);
                request.addProperty("read", true);
                JsonObject reply = session.ask(request);
                if (Listening.isUnavailable(reply)) {
                    throw new IOException(reply.toString());
                }
                JsonObject read = reply.getAsJsonObject("read");
                marks.add(new LastMark(
                        member,
                        channel,
                        read.get("offset").getAsLong(),
                        read.get("unread").getAsInt(),
                        read.has("more")));
            }
        }
        return marks;
    }
}

package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How far a member has read, and others have, as one connection is told. Not thread-safe. */
final class MemberMarks {
    private final Questions questions;
    private final Marks marks;
    private final boolean forgetful;
    private final List<String> surprises;
    private final Map<String, Long> pushed = new HashMap<>(); // the last, by channel and client

    /** @param forgetful whether marks may be set back */
    MemberMarks(Questions questions, Marks marks, boolean forgetful, List<String> surprises) {
        this.questions = questions;
        this.marks = marks;
        this.forgetful = forgetful;
        this.surprises = surprises;
    }

    /** Says how far it has read a channel. */
    void read(String channel, long offset) throws IOException {
        JsonObject request = Speaker.request("read", channel);
        request.addProperty("offset", offset);
        long asked = System.nanoTime();
        questions.ask(
                request,
                reply -> marks.set(channel, offset, reply.get("offset").getAsLong(), asked),
                error -> {},
                Set.of("not_subscribed")); // it may leave meanwhile
    }

    /** A subscription has told how far. */
    void told(String channel, JsonObject read, long asked) {
        marks.told(channel, read.get("offset").getAsLong(), asked);
    }

    /** A push has told how far a client has read. On one connection they come in their order. */
    void pushed(String client, JsonObject push) {
        long offset = push.get("offset").getAsLong();
        String channel = push.get("channel").getAsString();
        Long before = pushed.put(channel + " " + client, offset);
        if (before != null && before > offset && !forgetful) {
            surprises.add("a mark of " + client + " went from " + before + " back to " + push);
        }
    }
}

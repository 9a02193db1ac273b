package io.seleucia.chat.faults;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Who is in a channel, as a server says it, and who is connected and subscribed there. */
record Presences(String channel, int port, Set<String> connected, Set<String> present) {
    /** What those are called who ask. */
    static final String OBSERVER = "observer";

    private static final Set<String> OBSERVERS = Set.of(OBSERVER, "reader"); // of this test, who come and go

    /** Asks a server, leaving out who asks. */
    static List<Presences> read(int port, Collection<String> channels) throws IOException {
        List<Presences> all = new ArrayList<>();
        try (Speaker reader = Speaker.connect(port, OBSERVER)) {
            for (String channel : channels) {
                reader.ask(Speaker.request("subscribe", channel));
                JsonObject reply = reader.ask(Speaker.request("presence", channel));
                if (!reply.has("clients")) {
                    throw new IOException(reply.toString());
                }
                Set<String> present = new HashSet<>();
                for (JsonElement client : reply.get("clients").getAsJsonArray()) {
                    present.add(client.getAsJsonObject().get("client").getAsString());
                }
                present.removeAll(OBSERVERS);
                all.add(new Presences(channel, port, Set.of(), present));
            }
        }
        return all;
    }

    /** The same answer, compared with those who are connected. */
    Presences against(Set<String> connected) {
        return new Presences(channel, port, connected, present);
    }

    /** Those who are connected and not said to be there. */
    Set<String> absent() {
        Set<String> absent = new HashSet<>(connected);
        absent.removeAll(present);
        return absent;
    }

    /** Those who are said to be there and are not. */
    Set<String> ghosts() {
        Set<String> ghosts = new HashSet<>(present);
        ghosts.removeAll(connected);
        return ghosts;
    }

    /** Whether those are said to be there who are. */
    boolean isRight() {
        return connected.equals(present);
    }

    /** The same answer, as far as it is about these, none of which is connected. */
    Presences only(Set<String> names) {
        Set<String> named = new HashSet<>(present);
        named.retainAll(names);
        return new Presences(channel, port, Set.of(), named);
    }

    /** The same without ghosts. */
    Presences withoutGhosts() {
        Set<String> real = new HashSet<>(present);
        real.retainAll(connected);
        return new Presences(channel, port, connected, real);
    }
}

package io.seleucia.chat.server.management;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.Broker;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Whether the server can serve: who balances loads sends it new clients only while it can. */
final class Health {
    private static final double NANOS = 1e9;

    private final ChatServer server;

    private final Supplier<List<String>> warnings;

    /** @param warnings what does not keep the server from serving, but must be put right */
    Health(ChatServer server, Supplier<List<String>> warnings) {
        this.server = server;
        this.warnings = warnings;
    }

    /** @param detailed whether the asker may know why it can't */
    Answer answer(boolean detailed) {
        JsonObject json = json();
        boolean well = json.get("ok").getAsBoolean();
        if (!detailed) {
            json.remove("why");
            json.remove("warnings");
        }
        return Answer.of(well ? 200 : 503, json);
    }

    JsonObject json() {
        Broker.Health broker = server.broker().health();
        boolean draining = server.isDraining();
        Optional<String> why =
                draining ? Optional.of("the server is draining: it ends when its clients have gone") : broker.flaw();
        JsonObject json = new JsonObject();
        json.addProperty("ok", why.isEmpty());
        why.ifPresent(flaw -> json.addProperty("why", flaw));
        json.addProperty("draining", draining);
        List<String> flaws = warnings.get();
        json.addProperty("degraded", !flaws.isEmpty());
        if (!flaws.isEmpty()) {
            JsonArray texts = new JsonArray();
            flaws.forEach(texts::add);
            json.add("warnings", texts);
        }
        broker.proven().ifPresent(age -> json.addProperty("provenSecondsAgo", age.toNanos() / NANOS));
        return json;
    }
}
